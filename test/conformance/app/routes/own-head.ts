export const GET = () => new Response("body");
export const HEAD = () => new Response(null, { headers: { "x-own": "head" } });
export const OPTIONS = () => new Response("own options");
