export const host = (app, port) => app.listen({ port, host: "127.0.0.1" });
