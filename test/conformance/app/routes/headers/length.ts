/** A length that the handler wrote itself, and got right. */
export const GET = () => new Response("12345", { headers: { "content-length": "5", "content-type": "text/plain" } });
