import { serve } from "@hono/node-server";

export const host = (app, port) => serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
