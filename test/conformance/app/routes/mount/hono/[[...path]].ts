import { Hono } from "hono";

const app = new Hono().basePath("/mount/hono");
app.get("/", (c) => c.text("hono root"));
app.get("/users/:id", (c) => c.json({ id: c.req.param("id"), q: c.req.query("q") ?? null }));
app.post("/echo", async (c) => c.text(await c.req.text(), 201));
app.get("/cookies", (c) => {
  c.header("set-cookie", "a=1", { append: true });
  c.header("set-cookie", "b=2", { append: true });
  return c.text("two");
});

export default app;
