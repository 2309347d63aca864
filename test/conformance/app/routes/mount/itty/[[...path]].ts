import { AutoRouter } from "itty-router";

const router = AutoRouter({ base: "/mount/itty" });
router.get("/users/:id", ({ params }) => ({ id: params.id }));
router.post("/echo", async (request) => new Response(await request.text(), { status: 201 }));

export default router;
