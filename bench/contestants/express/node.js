export const host = (app, port) => app.listen(port, "127.0.0.1");
