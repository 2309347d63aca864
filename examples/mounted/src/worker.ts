interface Env {
  GREETING?: string;
}

interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
}

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const { pathname } = new URL(request.url);
    context.waitUntil(Promise.resolve());
    if (pathname === "/legacy/echo") return new Response(request.body, { headers: { "content-type": "text/plain" } });
    return Response.json({ pathname, greeting: env.GREETING ?? "hi" });
  },
};
