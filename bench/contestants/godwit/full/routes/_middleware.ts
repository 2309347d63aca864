import type { Middleware } from "@godwit/core";
import { HttpError } from "@godwit/core";
import { admit, verify } from "../../../_shared/full.js";

const guard: Middleware = async (request, _context, next) => {
  const claims = await verify(request.headers.get("authorization"));
  if (!claims) throw new HttpError(401);
  if (!admit(claims.sub)) throw new HttpError(429);
  return next();
};
export default guard;
