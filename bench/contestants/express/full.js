import express from "express";
import { admit, parse, verify } from "../_shared/full.js";

const app = express();
app.disable("x-powered-by").disable("etag");
app.use(async (request, response, next) => {
  const claims = await verify(request.headers.authorization);
  if (!claims) return response.status(401).send("Unauthorized");
  if (!admit(claims.sub)) return response.status(429).send("Too Many Requests");
  next();
});
app.post("/items", express.json(), (request, response) => {
  const { success, data } = parse(request.body);
  if (success) response.json({ item: data });
  else response.status(400).send("Bad Request");
});
export default app;
