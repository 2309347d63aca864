import { Hono } from "hono";
import { admit, parse, verify } from "../_shared/full.js";

const app = new Hono();
app.use(async (c, next) => {
  const claims = await verify(c.req.header("authorization"));
  if (!claims) return c.text("Unauthorized", 401);
  if (!admit(claims.sub)) return c.text("Too Many Requests", 429);
  await next();
});
app.post("/items", async (c) => {
  const { success, data } = parse(await c.req.json());
  return success ? c.json({ item: data }) : c.text("Bad Request", 400);
});
export default app;
