import { type Context, sse } from "@godwit/core";

async function* ticks() {
  for (const id of ["1", "2", "3"]) {
    yield { id, event: "tick", data: `line one\nline ${id}` };
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

export const GET = (_request: Request, context: Context) => sse(ticks(), { signal: context.signal });
