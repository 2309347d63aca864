import fastify from "fastify";

const app = fastify();
app.get("/", async () => "hello");
app.get("/users/:id", async (request) => ({ id: request.params.id }));
for (let at = 0; at < 30; at++) app.get(`/r/${at}`, async () => `route ${at}`);
app.post("/items", async (request) => ({ count: request.body.length }));
app.register(async (scope) => {
  for (const [at, name] of ["x-a", "x-b", "x-c"].entries()) {
    scope.addHook("onRequest", async (_request, reply) => {
      reply.header(name, String(at + 1));
    });
  }
  scope.get("/mw/x", async () => "x");
});
export default app;
