import type { Middleware } from "@godwit/core";

function layer(name: string): Middleware {
  return async (_request, _context, next) => {
    const response = await next();
    const answer = new Response(response.body, response);
    answer.headers.append("x-layers", name);
    return answer;
  };
}

export default [layer("first"), layer("second")];
