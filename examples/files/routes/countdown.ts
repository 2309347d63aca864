import { type Context, sse } from "@godwit/core";

/** Server-sent events: three, two, one. */
export function GET(_request: Request, context: Context<"/countdown">) {
  async function* count() {
    for (const data of ["3", "2", "1", "lift-off"]) {
      yield { data };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return sse(count(), { signal: context.signal });
}
