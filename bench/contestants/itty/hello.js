import { AutoRouter } from "itty-router";

export default AutoRouter().get("/", () => new Response("hello"));
