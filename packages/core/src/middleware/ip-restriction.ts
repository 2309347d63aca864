/**
 * Lets addresses in, or keeps them out.
 * @module
 */
import { GodwitError, HttpError } from "../errors.ts";
import { inBlock, parseAddress, parseBlock } from "../http/ip.ts";
import type { Middleware } from "../types.ts";

export interface IpRestrictionOptions {
  /** Addresses and CIDR blocks, IPv4 and IPv6. Where it is given, all others are refused. */
  allow?: readonly string[];
  /** Refused, whatever `allow` says. */
  deny?: readonly string[];
}

/**
 * Judges `context.ip`, which the platform vouches for (behind a proxy of your own, the adapter's `trustProxy` makes it
 * the client's). An IPv4-mapped IPv6 address counts as IPv4; `::/0` is all of IPv6 and no IPv4. What is refused, or has
 * no address that can be judged, gets a 403 with code `IP_REFUSED`. Throws `IP_RULE_INVALID` for a rule that is neither
 * an address nor a block.
 *
 * @example export default ipRestriction({ allow: ["10.0.0.0/8", "2001:db8::/32"], deny: ["10.0.0.7"] });
 */
export function ipRestriction({ allow, deny = [] }: IpRestrictionOptions): Middleware {
  const allowed = allow?.map(toBlock);
  const denied = deny.map(toBlock);
  return async function ipRestriction(_request, context, next) {
    const address = context.ip === undefined ? undefined : parseAddress(context.ip);
    const isIn =
      address &&
      !denied.some((block) => inBlock(address, block)) &&
      (!allowed || allowed.some((block) => inBlock(address, block)));
    if (!isIn) throw new HttpError(403, { code: "IP_REFUSED" });
    return next();
  };
}

function toBlock(rule: string) {
  const block = parseBlock(rule);
  if (block) return block;
  throw new GodwitError(
    "IP_RULE_INVALID",
    `ipRestriction() has ${JSON.stringify(rule)}: no address and no CIDR block.`,
  );
}
