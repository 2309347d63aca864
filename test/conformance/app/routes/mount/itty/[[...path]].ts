import { AutoRouter, type IRequest } from "itty-router";

const router = AutoRouter({ base: "/mount/itty" });
router.get("/users/:id", ({ params }: IRequest) => ({ id: params.id }));
router.post("/echo", async (request: IRequest) => new Response(await request.text(), { status: 201 }));

export default router;
