import express from "express";

const app = express();
app.disable("x-powered-by").disable("etag");
app.get("/", (_request, response) => response.type("text").send("hello"));
app.get("/users/:id", (request, response) => response.json({ id: request.params.id }));
for (let at = 0; at < 30; at++) app.get(`/r/${at}`, (_request, response) => response.type("text").send(`route ${at}`));
app.post("/items", express.json(), (request, response) => response.json({ count: request.body.length }));
for (const [at, name] of ["x-a", "x-b", "x-c"].entries()) {
  app.use("/mw", (_request, response, next) => {
    response.setHeader(name, String(at + 1));
    next();
  });
}
app.get("/mw/x", (_request, response) => response.type("text").send("x"));
export default app;
