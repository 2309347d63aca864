import { H3 } from "h3";

const app = new H3();
app.get("/mount/h3/users/:id", (event) => ({ id: event.context.params?.id }));
app.post("/mount/h3/echo", async (event) => new Response(await event.req.text(), { status: 201 }));

export default app;
