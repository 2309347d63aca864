import type { Context, Next } from "@godwit/core";

export default async function inner(request: Request, context: Context, next: Next) {
  if (context.url.searchParams.has("stop")) return new Response("stopped", { headers: { "x-layers": "inner" } });
  const response = await next();
  const answer = new Response(response.body, response);
  answer.headers.append("x-layers", context.error ? "inner-after-error" : "inner");
  if (request.headers.has("x-test-twice")) await next();
  return answer;
}
