import { type Context, text } from "@godwit/core";

export const GET = (_request: Request, context: Context) => {
  context.waitUntil(new Promise((resolve) => setTimeout(resolve, 50)));
  return text("answered");
};

export const POST = (_request: Request, context: Context) => {
  context.waitUntil(Promise.reject(new Error("background work failed")));
  return text("answered all the same");
};
