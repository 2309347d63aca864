import { type Context, HttpError } from "@godwit/core";

export const GET = (_request: Request, context: Context<"/errors/[kind]">): Response => {
  switch (context.params.kind) {
    case "http":
      throw new HttpError(409, {
        code: "TAKEN",
        detail: "Taken.",
        headers: { "x-why": "taken" },
        extensions: { by: 1 },
      });
    case "string":
      throw "a string with a secret";
    case "undefined":
      throw undefined;
    case "nothing":
      return undefined as unknown as Response; // what an untyped handler may do
    case "retry":
      throw new HttpError(503, { headers: { "retry-after": "5" } });
    default:
      throw new Error("the secret reason");
  }
};
