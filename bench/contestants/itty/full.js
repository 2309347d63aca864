import { AutoRouter } from "itty-router";
import { admit, parse, verify } from "../_shared/full.js";

const guard = async (request) => {
  const claims = await verify(request.headers.get("authorization"));
  if (!claims) return new Response("Unauthorized", { status: 401 });
  if (!admit(claims.sub)) return new Response("Too Many Requests", { status: 429 });
};

export default AutoRouter().post("/items", guard, async (request) => {
  const { success, data } = parse(await request.json());
  return success ? { item: data } : new Response("Bad Request", { status: 400 });
});
