import { type Context, json } from "@godwit/core";

export const GET = (_request: Request, { params }: Context<{ id: string }>) => json({ id: params.id });
