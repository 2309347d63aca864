export default { fetch: () => new Response("hello") };

export const listen = (_request, response) => response.end("hello");
