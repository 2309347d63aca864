import express from "express";

const app = express();
app.disable("x-powered-by").disable("etag");
app.get("/", (_request, response) => response.type("text").send("hello"));
export default app;
