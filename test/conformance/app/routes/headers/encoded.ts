/** Already encoded: nobody may touch the bytes. This is gzip of "hi". */
const GZIP = "H4sIAAAAAAAAA8vIBACsKpPYAgAAAA==";

export const GET = () => {
  const bytes = Uint8Array.from(atob(GZIP), (character) => character.charCodeAt(0));
  return new Response(bytes, { headers: { "content-encoding": "gzip", "content-type": "text/plain" } });
};
