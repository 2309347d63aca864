const statics = new Map(Array.from({ length: 30 }, (_, at) => [`/r/${at}`, `route ${at}`]));

export default {
  async fetch(request) {
    const { url, method } = request;
    const start = url.indexOf("/", 8);
    const query = url.indexOf("?", start);
    const path = query < 0 ? url.slice(start) : url.slice(start, query);
    if (method === "GET") {
      if (path === "/") return new Response("hello");
      const text = statics.get(path);
      if (text !== undefined) return new Response(text);
      if (path.startsWith("/users/")) return Response.json({ id: decodeURIComponent(path.slice(7)) });
      if (path === "/mw/x") return new Response("x", { headers: { "x-a": "1", "x-b": "2", "x-c": "3" } });
    } else if (method === "POST" && path === "/items") return Response.json({ count: (await request.json()).length });
    return new Response("Not Found", { status: 404 });
  },
};

/** The same on node:http, for what a server can do at most. */
export function listen(request, response) {
  const { url: path, method } = request;
  if (method === "GET") {
    if (path === "/") return send(response, "hello");
    const text = statics.get(path);
    if (text !== undefined) return send(response, text);
    if (path.startsWith("/users/")) return sendJson(response, { id: decodeURIComponent(path.slice(7)) });
    if (path === "/mw/x") {
      response.setHeader("x-a", "1");
      response.setHeader("x-b", "2");
      response.setHeader("x-c", "3");
      return send(response, "x");
    }
  } else if (method === "POST" && path === "/items") {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => sendJson(response, { count: JSON.parse(Buffer.concat(parts).toString()).length }));
    return;
  }
  response.statusCode = 404;
  send(response, "Not Found");
}

function send(response, text, type = "text/plain;charset=UTF-8") {
  response.setHeader("content-type", type);
  response.setHeader("content-length", Buffer.byteLength(text));
  response.end(text);
}

const sendJson = (response, value) => send(response, JSON.stringify(value), "application/json");
