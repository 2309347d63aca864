import { type Context, json } from "@godwit/core";

export default function notFound(_request: Request, context: Context) {
  return json({ missing: context.url.pathname }, { status: 404 });
}
