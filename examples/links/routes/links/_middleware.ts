import { HttpError, type Middleware } from "@godwit/core";
import { bodyLimit } from "@godwit/core/middleware/body-limit";
import { rateLimit } from "@godwit/core/middleware/rate-limit";
import { slidingWindow } from "@godwit/core/rate-limit/sliding-window";

/** Everyone may read; who writes shows the token. */
const onlyAdmin: Middleware = async (request, context, next) => {
  const isReading = request.method === "GET" || request.method === "HEAD";
  if (isReading || (await isSame(request.headers.get("authorization") ?? "", `Bearer ${context.env.ADMIN_TOKEN}`))) {
    return next();
  }
  throw new HttpError(401, {
    title: "Unauthorized",
    code: "TOKEN_INVALID",
    headers: { "www-authenticate": 'Bearer realm="links"' },
  });
};

const limit = rateLimit({
  store: "main",
  limits: [{ algorithm: slidingWindow, limit: 20, window: 60_000, name: "creation" }],
});

/** Who makes links is counted by address; reading and deleting are not. */
const fewCreations: Middleware = (request, context, next) =>
  request.method === "POST" ? limit(request, context, next) : next();

/** Compares digests, so that the time taken tells nothing of the token. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [one, other].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
  return String(new Uint8Array(a ?? [])) === String(new Uint8Array(b ?? []));
}

export default [fewCreations, onlyAdmin, bodyLimit({ max: 10_000 })];
