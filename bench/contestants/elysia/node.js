import { node } from "@elysiajs/node";
import { Elysia } from "elysia";

export const host = (app, port) => new Elysia({ adapter: node() }).use(app).listen({ port, hostname: "127.0.0.1" });
