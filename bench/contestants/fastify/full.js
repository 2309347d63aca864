import fastify from "fastify";
import { admit, parse, verify } from "../_shared/full.js";

const app = fastify();
app.addHook("onRequest", async (request, reply) => {
  const claims = await verify(request.headers.authorization);
  if (!claims) return reply.code(401).send("Unauthorized");
  if (!admit(claims.sub)) return reply.code(429).send("Too Many Requests");
});
app.post("/items", async (request, reply) => {
  const { success, data } = parse(request.body);
  return success ? { item: data } : reply.code(400).send("Bad Request");
});
export default app;
