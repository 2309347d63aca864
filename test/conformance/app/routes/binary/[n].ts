import type { Context } from "@godwit/core";

/** All byte values, over and over, n bytes in all. */
export const GET = (_request: Request, context: Context<"/binary/[n]">) => {
  const bytes = new Uint8Array(Number(context.params.n)).map((_, index) => index % 256);
  return new Response(bytes, { headers: { "content-type": "image/png" } });
};
