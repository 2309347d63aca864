import { type Context, json } from "@godwit/core";

export default function error(_request: Request, context: Context) {
  return json({ error: true, route: context.route }, { status: 500, headers: { "x-error": "own" } });
}
