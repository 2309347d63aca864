import { type Context, json } from "@godwit/core";

/** What a handler sees of a request, as JSON. */
export async function echo(request: Request, context: Context): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  const { pathname } = context.url;
  return json({
    method: request.method,
    pathname,
    query: [...context.url.searchParams],
    route: context.route,
    params: context.params,
    type: request.headers.get("content-type"),
    bytes: body.length,
    base64: btoa(String.fromCharCode(...body)),
  });
}
