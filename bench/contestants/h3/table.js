import { getRouterParam, H3 } from "h3";

const app = new H3();
app.get("/", () => "hello");
app.get("/users/:id", (event) => ({ id: getRouterParam(event, "id") }));
for (let at = 0; at < 30; at++) app.get(`/r/${at}`, () => `route ${at}`);
app.post("/items", async ({ req }) => ({ count: (await req.json()).length }));
for (const [at, name] of ["x-a", "x-b", "x-c"].entries()) {
  app.use("/mw/**", (event, next) => {
    event.res.headers.set(name, String(at + 1));
    return next();
  });
}
app.get("/mw/x", () => "x");
export default app;
