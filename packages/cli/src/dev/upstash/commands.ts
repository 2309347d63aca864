/**
 * What Upstash takes that a redis-server does not, and the other way round.
 * @module
 */
import { createHash } from "node:crypto";
import { type Command, isRefusal, type Reply } from "./resp.ts";

/** Commands that are about a connection or the server, or that wait: over HTTP there are none. */
const UNAVAILABLE = new Set(
  (
    "ACL ASKING AUTH BGREWRITEAOF BGSAVE BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN CLIENT CLUSTER " +
    "CONFIG DEBUG DISCARD EXEC FAILOVER FUNCTION HELLO LATENCY MIGRATE MODULE MONITOR MOVE MULTI PSUBSCRIBE PSYNC " +
    "PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF REPLICAOF RESET RESTORE-ASKING SAVE SELECT SHUTDOWN SLAVEOF SLOWLOG " +
    "SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SWAPDB SYNC UNSUBSCRIBE UNWATCH WAIT WATCH"
  ).split(" "),
);

/** Why a command is not sent on; undefined where it is. */
export function whyUnavailable([name]: Command): string | undefined {
  if (typeof name !== "string" || name === "") return "ERR empty command";
  if (!UNAVAILABLE.has(name.toUpperCase())) return undefined;
  return `ERR Command is not available: '${name}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`;
}

export interface Scripts {
  /** The command as a redis-server takes it. */
  toServer(command: Command): Command;
  /** The server's reply to what the client sent. */
  toClient(sent: Command, reply: Reply): Reply;
}

/**
 * Scripts may begin with `#!lua flags=allow-key-locking`, which a redis-server refuses. It is given another script, of
 * another hash: whoever names the hash of the one is led to the other.
 */
export function createScripts(): Scripts {
  const hashes = new Map<string, string>();
  const rewrite = (script: string | Uint8Array): string | Uint8Array => {
    if (typeof script !== "string") return script;
    const plain = withoutLocking(script);
    if (plain !== script) hashes.set(sha1(script), sha1(plain));
    return plain;
  };
  const lead = (hash: string | Uint8Array): string | Uint8Array =>
    typeof hash === "string" ? (hashes.get(hash.toLowerCase()) ?? hash) : hash;
  const at = (command: Command, from: number, change: (word: string | Uint8Array) => string | Uint8Array): Command =>
    command.map((word, index) => (index >= from ? change(word) : word));

  return {
    toServer(command) {
      const [first, second, ...rest] = command;
      switch (verb(command)) {
        case "EVAL":
        case "EVAL_RO":
          return [first ?? "", rewrite(second ?? ""), ...rest];
        case "EVALSHA":
        case "EVALSHA_RO":
          return [first ?? "", lead(second ?? ""), ...rest];
        case "SCRIPT LOAD":
          return at(command, 2, rewrite);
        case "SCRIPT EXISTS":
          return at(command, 2, lead);
        default:
          return command;
      }
    },
    toClient(sent, reply) {
      const script = sent[2];
      if (verb(sent) !== "SCRIPT LOAD" || typeof script !== "string" || reply === null || isRefusal(reply))
        return reply;
      return Buffer.from(sha1(script));
    },
  };
}

/** `EVAL`, and of those that have several meanings both words. */
function verb([name, second]: Command): string {
  const first = String(name).toUpperCase();
  return first === "SCRIPT" ? `${first} ${String(second).toUpperCase()}` : first;
}

/** The script without that flag in its first line. */
function withoutLocking(script: string): string {
  const [, head = "", flags] = /^(#![^\n]*?)[ \t]+flags=([^\s]*)/.exec(script) ?? [];
  if (flags === undefined) return script;
  const all = flags.split(",");
  const kept = all.filter((flag) => flag !== "allow-key-locking");
  if (kept.length === all.length) return script;
  const rest = script.slice(script.indexOf(`flags=${flags}`) + `flags=${flags}`.length);
  return `${head}${kept.length > 0 ? ` flags=${kept.join(",")}` : ""}${rest}`;
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
