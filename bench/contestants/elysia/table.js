import { Elysia } from "elysia";

const app = new Elysia();
app.get("/", () => "hello");
app.get("/users/:id", ({ params }) => ({ id: params.id }));
for (let at = 0; at < 30; at++) app.get(`/r/${at}`, () => `route ${at}`);
app.post("/items", ({ body }) => ({ count: body.length }));
app.group("/mw", (group) => {
  for (const [at, name] of ["x-a", "x-b", "x-c"].entries()) {
    group.onAfterHandle(({ set }) => {
      set.headers[name] = String(at + 1);
    });
  }
  return group.get("/x", () => "x");
});
export default app;
