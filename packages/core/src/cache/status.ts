/**
 * Cache-Status: what a cache did, told to who reads the answer (RFC 9211).
 * @module
 */

export interface CacheStatus {
  hit?: boolean;
  /** Why the request went on (section 2.2). */
  fwd?: "bypass" | "method" | "uri-miss" | "vary-miss" | "miss" | "request" | "stale";
  fwdStatus?: number;
  /** The response is being stored. */
  stored?: boolean;
  /** It waited for another request of the same kind. */
  collapsed?: boolean;
  /** Seconds of freshness left; negative when stale. */
  ttl?: number;
  /** A token. */
  detail?: string;
}

/** One member of the list. `name` is a token. */
export function toCacheStatus(
  name: string,
  { hit, fwd, fwdStatus, stored, collapsed, ttl, detail }: CacheStatus,
): string {
  return [
    name,
    hit && "hit",
    fwd && `fwd=${fwd}`,
    fwdStatus !== undefined && `fwd-status=${fwdStatus}`,
    stored && "stored",
    collapsed && "collapsed",
    ttl !== undefined && `ttl=${Math.floor(ttl)}`,
    detail && `detail=${detail}`,
  ]
    .filter(Boolean)
    .join("; ");
}
