/**
 * Whom a limit is for.
 * @module
 */
import { parseAddress } from "../http/ip.ts";
import type { Context } from "../types.ts";

/**
 * Tells one client from another. Undefined: by the address. A function of your own may name a user, after the
 * middleware that knows them: `(_, context) => context.get(user)?.id`.
 */
export type LimitKey = (request: Request, context: Context) => string | undefined | Promise<string | undefined>;

/**
 * By `context.ip`, which the platform vouches for. IPv6 by its first 64 bits: that much a single subscriber has (RFC
 * 6177). An IPv4-mapped address is the IPv4 one. Clients whose address is not known share one key.
 */
export function byIp(_request: Request, { ip = "" }: Pick<Context, "ip">): string {
  const bytes = parseAddress(ip);
  if (!bytes) return `ip:${ip}`;
  return `ip:${bytes.length === 4 ? bytes.join(".") : bytes.slice(0, 8).map(toHex).join("")}`;
}

/** All clients together, for each route apart. */
export function byRoute(_request: Request, { route }: Pick<Context, "route">): string {
  return `route:${route}`;
}

/**
 * By a header, such as an API key, of which the store sees a hash. Where it is missing, by the address. The key must
 * have been checked before: whoever may invent keys has a limit of their own for each.
 *
 * @example rateLimit({ key: byHeader("x-api-key"), limits })
 */
export function byHeader(name: string): LimitKey {
  return async function byHeader(request) {
    const value = request.headers.get(name);
    return value === null ? undefined : `${name}:${await toDigest(value)}`;
  };
}

/**
 * Whom `key` gives, else the address. One of the app's own that looks like an address (`ip:...`) and is not that of the
 * client is kept apart from it: a user of that name would count for somebody else.
 */
export async function keyOf(key: LimitKey, request: Request, context: Context): Promise<string> {
  const address = byIp(request, context);
  const own = (await key(request, context)) ?? address;
  return own !== address && /^(?:ip|key):/.test(own) ? `key:${own}` : own;
}

/**
 * By several at once: each combination counts apart.
 *
 * @example rateLimit({ key: byAll(byIp, byRoute), limits })
 */
export function byAll(...keys: readonly LimitKey[]): LimitKey {
  return async function byAll(request, context) {
    return JSON.stringify(await Promise.all(keys.map((key) => keyOf(key, request, context))));
  };
}

/** The SHA-256 in hexadecimal digits. */
export async function toDigest(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...hash].map(toHex).join("");
}

function toHex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
