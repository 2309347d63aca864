/**
 * Cloudflare's own rate limit as a coarse first layer.
 * @module
 */
import type { Taken } from "../stores/store.ts";
import type { Context } from "../types.ts";

/**
 * What `rateLimit` asks before its own limits: a refusal, or undefined where the request may pass or nobody knows. `rules`
 * is how many limits the refusal must speak for.
 */
export type FirstLayer = (key: string, context: Context, rules: number) => Promise<Taken | undefined>;

/** As workerd binds it. */
interface Binding {
  limit(given: { key: string }): Promise<{ success: boolean }>;
}

/**
 * Asks the binding of `cloudflare.ratelimits` by that name: it counts at each of Cloudflare's locations by itself, roughly,
 * and costs no round trip. Whom it refuses costs the store nothing. On other platforms, or without the binding, there is
 * no such layer. `period` is that of the binding, in seconds: Cloudflare does not say when there is room again.
 * developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit
 *
 * @example rateLimit({ first: native("FLOOD"), store: "main", limits: [{ algorithm: gcra, limit: 10, window: 60_000 }] })
 */
export function native(binding: string, { period = 60 }: { period?: 10 | 60 } = {}): FirstLayer {
  return async (key, context, rules) => {
    const bound = Object(context.platform.raw)[binding] as Binding | undefined; // the config declares it
    if (typeof bound?.limit !== "function") return undefined;
    const { success } = await bound.limit({ key }).catch(() => ({ success: true }));
    const rule = { allowed: false, remaining: 0, reset: period * 1000, retryAfter: period * 1000 };
    return success ? undefined : { allowed: false, rules: Array.from({ length: rules }, () => rule) };
  };
}
