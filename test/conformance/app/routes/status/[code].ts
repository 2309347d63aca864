import type { Context } from "@godwit/core";

export const GET = (_request: Request, context: Context<"/status/[code]">) => {
  const status = Number(context.params.code);
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : `status ${status}`, { status, headers: { "content-type": "text/plain" } });
};
