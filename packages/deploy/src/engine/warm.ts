/**
 * Asks a new release for what its cache should hold, once it has the traffic: what is stored goes by the address, and
 * only now that is the public one. Nothing here fails a deploy.
 * @module
 */
import { below } from "./verify.ts";

export interface WarmOptions {
  /** The public addresses: a path is asked of each. */
  urls: readonly URL[];
  signal: AbortSignal;
  /** Milliseconds for all of them. Default 60,000. */
  deadline?: number;
  /** Called for each answer, `why` where it was none or an error. */
  onAnswer?(url: string, all: number, why?: string): void;
}

export interface Warmed {
  /** How many answered. */
  warm: number;
  failed: { url: string; why: string }[];
  /** How many were not asked, or not answered, before the deadline or an interrupt. */
  left: number;
}

/** Requests at a time: less than a release without a warm cache has to take anyway. */
const LIMIT = 4;
const DEADLINE = 60_000;

/** Asks for each path, and each whole URL as it is, and reads the answers to their ends. Rejects never. */
export async function warm(list: readonly string[], options: WarmOptions): Promise<Warmed> {
  const { urls, deadline = DEADLINE, onAnswer } = options;
  const targets = [...new Set(list.flatMap((each) => resolve(each, urls)))];
  const done: Warmed = { warm: 0, failed: [], left: 0 };
  const fail = (url: string, why: string) => {
    done.failed.push({ url, why });
    onAnswer?.(url, targets.length, why);
  };
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(deadline)]);
  const left = [...targets];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      if (signal.aborted) {
        done.left++;
        continue;
      }
      const why = next.startsWith("/") ? "the deployment has no address" : await ask(next, signal);
      if (why === undefined) {
        done.warm++;
        onAnswer?.(next, targets.length);
      } else if (signal.aborted) done.left++;
      else fail(next, why);
    }
  };
  await Promise.all(Array.from({ length: LIMIT }, worker));
  return done;
}

function resolve(each: string, urls: readonly URL[]): string[] {
  if (!each.startsWith("/") || urls.length === 0) return [each];
  return urls.map((url) => below(url, each).href);
}

/** Why it could not be had; undefined where it could. */
async function ask(url: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(url, { headers: { "user-agent": "godwit-warm" }, redirect: "manual", signal });
    // what is stored is stored once all of it has passed
    await response.body?.pipeTo(new WritableStream());
    return response.status < 400 ? undefined : `status ${response.status}`;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
  }
}
