/** Bytes that are no UTF-8 under a text type: they must not be mended. */
export const GET = () =>
  new Response(new Uint8Array([0xff, 0xfe, 0x41, 0x80]), { headers: { "content-type": "text/plain" } });
