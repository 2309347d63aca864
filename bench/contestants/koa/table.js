import Koa from "koa";

const below = (middleware) => (context, next) => (context.path.startsWith("/mw/") ? middleware(context, next) : next());

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

const app = new Koa();
for (const [at, name] of ["x-a", "x-b", "x-c"].entries()) {
  app.use(
    below(async (context, next) => {
      await next();
      context.set(name, String(at + 1));
    }),
  );
}
/** Koa has no router of its own. */
const statics = new Map(Array.from({ length: 30 }, (_, at) => [`/r/${at}`, `route ${at}`]));
app.use(async (context) => {
  const { path, method } = context;
  if (method === "GET") {
    if (path === "/") context.body = "hello";
    else if (statics.has(path)) context.body = statics.get(path);
    else if (path.startsWith("/users/")) context.body = { id: decodeURIComponent(path.slice(7)) };
    else if (path === "/mw/x") context.body = "x";
  } else if (method === "POST" && path === "/items") context.body = { count: (await read(context.req)).length };
});
export default app;
