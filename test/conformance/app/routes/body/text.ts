import { text } from "@godwit/core";

export const POST = async (request: Request) => text(await request.text());
