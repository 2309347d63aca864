import { serve } from "h3/node";

export const host = (app, port) => serve(app, { port, hostname: "127.0.0.1", silent: true });
