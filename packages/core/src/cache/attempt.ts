/**
 * Work on a store that may fail, and fails no request.
 * @module
 */
import type { CacheContext } from "./opened.ts";
import { count } from "./stats.ts";

export interface Attempting {
  context: CacheContext;
  /** Of the cache. */
  name: string;
}

/** Milliseconds that a store has before a request goes on without it: drivers are told sooner to give up. */
const DEADLINE = 2_000;

/** What the work gives; undefined, and a line in the log, where it fails or is late. 0: it cannot be late. */
export async function attempt<T>(
  { context, name }: Attempting,
  work: () => Promise<T>,
  deadline: number = DEADLINE,
): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    if (deadline === 0) return await work();
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new DOMException("The store is late.", "TimeoutError")), deadline);
    });
    return await Promise.race([work(), late]);
  } catch (error) {
    count(context, name, "errors");
    context.log.warn("cache store failed", { cache: name, error });
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
