import { AutoRouter } from "itty-router";

const isBelow = (request) => new URL(request.url).pathname.startsWith("/mw/");
const set = (name, value) => (response, request) => {
  if (isBelow(request)) response.headers.set(name, value);
};

const app = AutoRouter({ finally: [set("x-a", "1"), set("x-b", "2"), set("x-c", "3")] });
app.get("/", () => new Response("hello"));
app.get("/users/:id", ({ params }) => ({ id: params.id }));
for (let at = 0; at < 30; at++) app.get(`/r/${at}`, () => new Response(`route ${at}`));
app.post("/items", async (request) => ({ count: (await request.json()).length }));
app.get("/mw/x", () => new Response("x"));
export default app;
