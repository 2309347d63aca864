import { text } from "@godwit/core";

export const POST = async (request: Request) => text(String((await request.arrayBuffer()).byteLength));
