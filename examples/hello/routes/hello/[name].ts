import { type Context, json } from "@godwit/core";

export function GET(_request: Request, context: Context<"/hello/[name]">) {
  return json({ hello: context.params.name });
}
