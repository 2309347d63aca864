import { createServer } from "node:http";

export const host = (_app, port, { listen }) => createServer(listen).listen(port, "127.0.0.1");
