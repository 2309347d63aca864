import type { Middleware } from "@godwit/core";

const root: Middleware = async (_request, _context, next) => {
  const response = await next();
  const answer = new Response(response.body, response);
  answer.headers.append("x-layers", "root");
  return answer;
};

export default root;
