/**
 * Addresses and blocks of IPv4 and IPv6, as bytes.
 * @module
 */

/** A block: the first `prefix` bits of `bytes`. */
export interface Block {
  /** 4 of IPv4, 16 of IPv6. */
  bytes: number[];
  prefix: number;
}

/**
 * The bytes of an address, 4 or 16; undefined for anything else. An IPv4-mapped one (`::ffff:192.0.2.1`, RFC 4291
 * section 2.5.5.2) is IPv4. A zone (`%eth0`) is dropped. IPv4 is four decimal numbers without leading zeros, which some
 * parsers read as octal.
 */
export function parseAddress(text: string): number[] | undefined {
  const bytes = text.includes(":") ? parse6(text.replace(/%.*$/, "")) : parse4(text);
  return bytes && isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** A block in CIDR notation, or a lone address. Undefined for anything else. */
export function parseBlock(text: string): Block | undefined {
  const [address = "", length, ...more] = text.split("/");
  const bytes = address.includes(":") ? parse6(address) : parse4(address);
  if (!bytes || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const prefix = length === undefined ? bytes.length * 8 : Number(length);
  if (prefix > bytes.length * 8) return undefined;
  return isMapped(bytes) && prefix >= 96 ? { bytes: bytes.slice(12), prefix: prefix - 96 } : { bytes, prefix };
}

export function inBlock(address: readonly number[], { bytes, prefix }: Block): boolean {
  if (address.length !== bytes.length) return false;
  for (let bit = 0; bit < prefix; bit += 8) {
    const mask = prefix - bit >= 8 ? 0xff : (0xff << (8 - (prefix - bit))) & 0xff;
    const at = bit / 8;
    if (((address[at] ?? 0) & mask) !== ((bytes[at] ?? 0) & mask)) return false;
  }
  return true;
}

function isMapped(bytes: readonly number[]): boolean {
  return (
    bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && bytes.slice(0, 10).every((byte) => byte === 0)
  );
}

function parse4(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = parts.map((part) => (/^(?:0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

function parse6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  if (!head) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  if (!tail || head.length + tail.length > 14) return undefined;
  return [...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

/** Groups of four hexadecimal digits; the last may be an IPv4 address. */
function parseGroups(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const ipv4 = isLast && index === groups.length - 1 && group.includes(".") ? parse4(group) : undefined;
    if (ipv4) bytes.push(...ipv4);
    else if (/^[\da-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}
