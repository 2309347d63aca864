/**
 * Reads Cache-Control (RFC 9111 section 5.2) and the fields that stand in its place for some caches (RFC 9213).
 * @module
 */

/** Lower-case names; `true` without a value, `""` for a value that cannot be understood. */
export type Directives = ReadonlyMap<string, string | true>;

/**
 * The directives of a Cache-Control field. Values may be quoted (section 5.2: a cache ought to take both forms). One that
 * is there twice with different values counts as not understood, so that what depends on it is stale (section 4.2.1).
 */
export function parseDirectives(field: string | null): Directives {
  const found = new Map<string, string | true>();
  // Not split on commas: a quoted value may hold some.
  for (const part of field?.match(/(?:"(?:[^"\\]|\\.)*"?|[^,"])+/g) ?? []) {
    const member = part.trim();
    const [, name, quoted, token] = /^([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?$/.exec(member) ?? [];
    const key = (name ?? /^[^\s="]*/.exec(member)?.[0] ?? "").toLowerCase();
    if (!key) continue;
    const value = name === undefined ? "" : (quoted?.replace(/\\(.)/g, "$1") ?? token ?? true);
    const before = found.get(key);
    found.set(key, before === undefined || before === value ? value : "");
  }
  return found;
}

/** Seconds (section 1.2.2), no more than 2^31; undefined for what are none. */
export function toSeconds(value: string | true | undefined): number | undefined {
  return typeof value === "string" && /^\d+$/.test(value) ? Math.min(Number(value), 2_147_483_648) : undefined;
}

const ITEM =
  /^([a-z*][a-z0-9_.*-]*)(?:=(\((?:[^()"]|"(?:[^"\\]|\\.)*")*\)|-?\d{1,12}\.\d{1,3}|-?\d{1,15}|"(?:[^"\\]|\\.)*"|[A-Za-z*][!#$%&'*+.^`|~\w:/-]*|:[A-Za-z0-9+/=]*:|\?[01]))?(?:;[\t ]*[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))?)*$/;

/**
 * The directives of a targeted field, a Dictionary of Structured Fields (RFC 9213 section 2.1). Undefined where it is
 * absent, empty or malformed: then it is as if it were not there. A directive whose seconds are no integer is left out.
 */
export function parseTargeted(field: string | null): Directives | undefined {
  if (!field?.trim()) return undefined;
  const found = new Map<string, string | true>();
  let rest = field.trim();
  while (rest) {
    const [member = ""] = /^(?:"(?:[^"\\]|\\.)*"|\([^)]*\)|[^,"(])+/.exec(rest) ?? [];
    const [, key, value] = ITEM.exec(member.trimEnd()) ?? [];
    if (!key) return undefined;
    rest = rest.slice(member.length);
    if (rest) {
      rest = rest.slice(1).trimStart();
      // A comma at the end (RFC 9651 section 4.2.2).
      if (!rest) return undefined;
    }
    // The last of two wins (RFC 9651 section 4.2.2).
    found.delete(key);
    const isNumber = value !== undefined && /^-?\d+$/.test(value);
    if (value === "?0" || (/^(?:max-age|s-maxage|stale-.*)$/.test(key) && !isNumber)) continue;
    found.set(key, value === undefined || value === "?1" ? true : value.replace(/^"|"$/g, ""));
  }
  return found;
}

/** What governs a stored response. */
export interface Control {
  directives: Directives;
  /** They are of a targeted field: then Cache-Control and Expires do not count (RFC 9213 section 2.2). */
  isTargeted: boolean;
}

/** The first of the targeted fields that is there, else Cache-Control. */
export function controlOf(headers: Headers, targets: readonly string[]): Control {
  for (const name of targets) {
    const directives = parseTargeted(headers.get(name));
    if (directives && directives.size > 0) return { directives, isTargeted: true };
  }
  return { directives: parseDirectives(headers.get("cache-control")), isTargeted: false };
}
