import { Hono } from "hono";

export const api = new Hono<{ Bindings: { GREETING?: string } }>().basePath("/api");

api.get("/users/:id", (c) => c.json({ id: c.req.param("id"), greeting: c.env.GREETING ?? "hi" }));
api.post("/echo", async (c) => c.text(await c.req.text(), 201));
api.get("/cookies", (c) => {
  c.header("set-cookie", "a=1", { append: true });
  c.header("set-cookie", "b=2", { append: true });
  return c.body(null, 204);
});
