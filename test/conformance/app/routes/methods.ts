import { text } from "@godwit/core";

const say = (word: string) => () => text(word, { headers: { "x-handler": word } });

export const GET = say("get");
export const POST = say("post");
export const PUT = say("put");
export const PATCH = say("patch");
export const DELETE = say("delete");
export const QUERY = async (request: Request) => text(`query ${await request.text()}`);
