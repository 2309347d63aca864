import { Elysia } from "elysia";
import { admit, parse, verify } from "../_shared/full.js";

export default new Elysia()
  .onBeforeHandle(async ({ headers, status }) => {
    const claims = await verify(headers.authorization);
    if (!claims) return status(401);
    if (!admit(claims.sub)) return status(429);
  })
  .post("/items", ({ body, status }) => {
    const { success, data } = parse(body);
    return success ? { item: data } : status(400);
  });
