import type { Middleware } from "@godwit/core";

const set =
  (name: string, value: string): Middleware =>
  async (_request, _context, next) => {
    const response = await next();
    response.headers.set(name, value);
    return response;
  };

export default [set("x-a", "1"), set("x-b", "2"), set("x-c", "3")];
