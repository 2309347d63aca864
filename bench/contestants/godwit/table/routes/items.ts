import { json } from "@godwit/core";

export const POST = async (request: Request) => json({ count: (await request.json()).length });
