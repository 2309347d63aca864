import { admit, parse, verify } from "../_shared/full.js";

export default {
  async fetch(request) {
    if (new URL(request.url).pathname !== "/items") return new Response("Not Found", { status: 404 });
    if (request.method !== "POST") return new Response("Method Not Allowed", { status: 405 });
    const claims = await verify(request.headers.get("authorization"));
    if (!claims) return new Response("Unauthorized", { status: 401 });
    if (!admit(claims.sub)) return new Response("Too Many Requests", { status: 429 });
    const { success, data } = parse(await request.json());
    return success ? Response.json({ item: data }) : new Response("Bad Request", { status: 400 });
  },
};
