import type { Middleware } from "@godwit/core";
import { cache } from "@godwit/core/middleware/cache";
import { openLinks, REDIRECTS, tagOf } from "../../lib/links.ts";

/** Outside of the cache, so that it sees every visit; behind the answer's back, so that no visitor waits for it. */
const visits: Middleware = async (request, context, next) => {
  const response = await next();
  const { slug } = context.params;
  if (request.method === "GET" && response.status === 302 && typeof slug === "string") {
    const count = openLinks(context).count(slug);
    context.waitUntil(count.catch((error: unknown) => context.log.warn("not counted", { slug, error })));
  }
  return response;
};

export default [
  visits,
  cache({ store: "main", name: REDIRECTS, tags: (_request, { params }) => [tagOf(String(params.slug))] }),
];
