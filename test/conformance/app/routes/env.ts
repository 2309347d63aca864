import { type Context, json } from "@godwit/core";

export const GET = (_request: Request, context: Context) => json(context.env);
