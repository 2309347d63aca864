import { HttpError, text } from "@godwit/core";

export const GET = (request: Request) => {
  if (request.url.includes("throw")) throw new HttpError(418);
  return text("page");
};
