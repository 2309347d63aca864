export default {
  async fetch(request: Request, env: Record<string, unknown>, context: { waitUntil(work: Promise<unknown>): void }) {
    context.waitUntil(Promise.resolve());
    const { pathname } = new URL(request.url);
    return Response.json({ pathname, method: request.method, env: typeof env });
  },
};
