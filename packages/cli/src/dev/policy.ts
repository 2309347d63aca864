/**
 * What the overlay needs of a page's Content-Security-Policy (w3.org/TR/CSP3), and nothing more: its one script, and
 * its one stream of events.
 * @module
 */

/** Paths of this server, as the page asks for them. */
export interface Needs {
  /** `Host` of the request. */
  host: string;
  script: string;
  events: string;
  /** Of the script's element. */
  nonce: string;
}

/** The header with every policy in it amended. One that restricts neither stays as it is. */
export function amendPolicy(header: string, needs: Needs): string {
  return header
    .split(",")
    .map((policy) => amend(policy, needs))
    .join(",");
}

/** A source list has at least one of these, in the order in which a browser looks for them. */
const SCRIPTS = ["script-src-elem", "script-src", "default-src"];
const STREAMS = ["connect-src", "default-src"];

function amend(policy: string, { host, script, events, nonce }: Needs): string {
  const directives = policy
    .split(";")
    .map((text) => text.trim().split(/\s+/))
    .filter(([name]) => name !== "");
  const listOf = (names: readonly string[]): string[] | undefined => {
    const name = names.find((each) => directives.some(([own]) => own?.toLowerCase() === each));
    return directives.find(([own]) => own?.toLowerCase() === name)?.slice(1); // of two, a browser takes the first
  };
  const isNameable = /^[a-z0-9.-]+(?::\d+)?$/i.test(host); // CSP has no word for an address of IPv6
  const scripts = listOf(SCRIPTS);
  const streams = listOf(STREAMS);
  // A nonce would turn 'unsafe-inline' off, and under 'strict-dynamic' no address counts.
  const isStrict = scripts?.some((source) => source.toLowerCase() === "'strict-dynamic'");
  const added = [
    ...(scripts ? [[SCRIPTS[0], ...and(scripts, isStrict || !isNameable ? `'nonce-${nonce}'` : host + script)]] : []),
    ...(streams ? [[STREAMS[0], ...and(streams, isNameable ? host + events : "'self'")]] : []),
  ];
  if (added.length === 0) return policy;
  const names = new Set(added.map(([name]) => name));
  const kept = directives.filter(([name]) => !names.has(name?.toLowerCase()));
  return [...kept, ...added].map((words) => words.join(" ")).join("; ");
}

function and(sources: readonly string[], source: string): string[] {
  return [...sources.filter((each) => each.toLowerCase() !== "'none'"), source];
}
