/**
 * Who the client is behind proxies. Nothing that a client can write is believed unless `trustProxy` says which of the
 * machines in front are ours. `Forwarded` (RFC 7239) is not read: few proxies write it, and two sources can disagree.
 * @module
 */

/**
 * `false` believes no header; a number is how many proxies stand in front; a list names their addresses and networks
 * (`"10.0.0.0/8"`, `"::1"`).
 */
export type TrustProxy = false | number | readonly string[];

export interface Client {
  ip: string | undefined;
  /** From `X-Forwarded-Proto`. */
  scheme?: "http" | "https";
  /** From `X-Forwarded-Host`; not validated. */
  host?: string;
}

type HeaderValues = Record<string, string | string[] | undefined>;

/**
 * A reader of the client behind a connection's peer. Each trusted proxy appends one entry to X-Forwarded-For, so the
 * list is walked from its right end, and stops at what is not trusted or not an address.
 */
export function createClientReader(trust: TrustProxy): (peer: string | undefined, headers: HeaderValues) => Client {
  if (trust === false || trust === 0) return (peer) => ({ ip: plain(peer) });
  const net = process.getBuiltinModule("node:net");
  const trusted = typeof trust === "number" ? undefined : blockList(trust);
  const isTrusted = (address: string | undefined, hop: number) =>
    trusted && address
      ? trusted.check(address, net.isIPv6(address) ? "ipv6" : "ipv4")
      : typeof trust === "number" && hop < trust;

  return (peer, headers) => {
    const chain = list(headers["x-forwarded-for"]);
    let ip = plain(peer);
    let hops = 0;
    while (isTrusted(ip, hops)) {
      hops++;
      const next = plain(chain[chain.length - hops]);
      if (!next || !net.isIP(next)) break;
      ip = next;
    }
    if (hops === 0) return { ip };
    const proto = entry(headers["x-forwarded-proto"], hops)?.toLowerCase();
    const host = entry(headers["x-forwarded-host"], hops);
    return { ip, scheme: proto === "http" || proto === "https" ? proto : undefined, host };
  };
}

function blockList(networks: readonly string[]) {
  const net = process.getBuiltinModule("node:net");
  const blocks = new net.BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = net.isIPv6(address) ? "ipv6" : "ipv4";
    if (prefix === undefined) blocks.addAddress(address, family);
    else blocks.addSubnet(address, Number(prefix), family);
  }
  return blocks;
}

/** `::ffff:10.0.0.1` is how a dual-stack socket writes 10.0.0.1. */
function plain(address: string | undefined): string | undefined {
  return address?.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

function list(value: string | string[] | undefined): string[] {
  return value === undefined
    ? []
    : String(value)
        .split(",")
        .map((part) => part.trim());
}

/** What the outermost trusted proxy wrote: many overwrite instead of appending, so a short list gives its first. */
function entry(value: string | string[] | undefined, hops: number): string | undefined {
  const values = list(value);
  return values[Math.max(0, values.length - hops)] || undefined;
}
