import { H3, HTTPError } from "h3";
import { admit, parse, verify } from "../_shared/full.js";

export default new H3()
  .use(async ({ req }, next) => {
    const claims = await verify(req.headers.get("authorization"));
    if (!claims) throw new HTTPError({ status: 401 });
    if (!admit(claims.sub)) throw new HTTPError({ status: 429 });
    return next();
  })
  .post("/items", async ({ req }) => {
    const { success, data } = parse(await req.json());
    if (!success) throw new HTTPError({ status: 400 });
    return { item: data };
  });
