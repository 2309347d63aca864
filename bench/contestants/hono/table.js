import { Hono } from "hono";

const app = new Hono();
app.get("/", (c) => c.text("hello"));
app.get("/users/:id", (c) => c.json({ id: c.req.param("id") }));
for (let at = 0; at < 30; at++) app.get(`/r/${at}`, (c) => c.text(`route ${at}`));
app.post("/items", async (c) => c.json({ count: (await c.req.json()).length }));
for (const [at, name] of ["x-a", "x-b", "x-c"].entries()) {
  app.use("/mw/*", async (c, next) => {
    await next();
    c.res.headers.set(name, String(at + 1));
  });
}
app.get("/mw/x", (c) => c.text("x"));
export default app;
