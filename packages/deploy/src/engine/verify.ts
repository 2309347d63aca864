/**
 * Proves a release by real requests to exactly it, before it has traffic.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Manifest, VerifyRequest } from "@godwit/core/manifest";
import type { Candidate, Clock } from "../contracts.ts";

export interface VerifyOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Milliseconds for all of them. Default 120,000. */
  deadline?: number;
  /** Called for each answer that counts. */
  onAnswer?(answer: Verified): void;
}

export interface Verified extends VerifyRequest {
  got: number;
  /** Milliseconds of the attempt that counted. */
  took: number;
}

/** Pauses between attempts: a release is not known everywhere at the moment it is made. */
const PAUSES = [250, 500, 1000, 2000, 4000, 8000];
/** Requests at a time. */
const LIMIT = 8;
/** Milliseconds for one answer to begin. */
const PATIENCE = 30_000;
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * One GET for each route that needs no input; a schedule's GET does its work and is left out. With the health checks
 * that the target answers itself.
 */
export function defaultRequests(manifest: Manifest): VerifyRequest[] {
  const scheduled = new Set(manifest.triggers.map(({ pattern }) => pattern));
  const paths = manifest.functions
    .flatMap((fn) => fn.routes)
    .filter(({ pattern, methods }) => !pattern.includes("[") && methods.some((name) => name === "GET" || name === "*"))
    .map(({ pattern }) => pattern)
    .filter((pattern) => !scheduled.has(pattern));
  const own = manifest.verify.filter(({ path, status }) => status !== undefined && !paths.includes(path));
  return [...[...new Set(paths)].sort().map((path) => ({ method: "GET", path })), ...own];
}

/** Sends the requests, the harmless ones at once and then the others in order. Throws DEPLOY_VERIFY_FAILED. */
export async function verify(
  { url, headers }: Candidate,
  requests: readonly VerifyRequest[],
  options: VerifyOptions,
): Promise<Verified[]> {
  const { clock, deadline = 120_000, onAnswer } = options;
  // the first failure ends the others: what they asked is about to go
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const end = clock.now() + deadline;
  const answers: Verified[] = [];
  const ask = async (request: VerifyRequest) => {
    const pauses = SAFE.has(request.method) ? PAUSES : [];
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      const began = performance.now();
      const got = await send(below(url, request.path), { request, headers, signal });
      if (typeof got === "number" && isFine(request, got)) {
        const answer = { ...request, got, took: performance.now() - began };
        answers.push(answer);
        onAnswer?.(answer);
        return;
      }
      const pause = pauses[attempt];
      if (pause === undefined || clock.now() + pause > end) throw failed(request, url, got, attempt + 1);
      await clock.sleep(pause, signal);
    }
  };
  const left = requests.filter(({ method }) => SAFE.has(method));
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      await ask(next).catch((error: unknown) => {
        stop.abort(error);
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: LIMIT }, worker));
  for (const request of requests) if (!SAFE.has(request.method)) await ask(request);
  const [first] = answers;
  if (first && answers.every(({ status, got }) => status === undefined && got === 404)) {
    throw failed(first, url, 404, PAUSES.length + 1);
  }
  return answers;
}

/** A release may be below a path, such as a stage of API Gateway. */
export function below(url: URL, path: string): URL {
  // joined, not resolved: a path that begins with two slashes would name another host, which must not get the headers
  return new URL(url.origin + url.pathname.replace(/\/$/, "") + path);
}

function isFine({ status }: VerifyRequest, got: number): boolean {
  return status === undefined ? got < 500 : got === status;
}

/** A status, or why there was none. */
async function send(
  url: URL,
  { request, headers, signal }: { request: VerifyRequest; headers: Record<string, string>; signal: AbortSignal },
): Promise<number | string> {
  try {
    const response = await fetch(url, {
      method: request.method,
      headers: { "user-agent": "godwit-verify", ...headers },
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
    });
    await response.body?.cancel(); // a stream may have no end
    return response.status;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error)) return String(error);
    return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
  }
}

function failed({ method, path, status }: VerifyRequest, url: URL, got: number | string, attempts: number): Error {
  const wanted = status === undefined ? (got === 404 ? "a route that is there" : "a status under 500") : `${status}`;
  const times = attempts > 1 ? ` in ${attempts} attempts` : "";
  return new GodwitError(
    "DEPLOY_VERIFY_FAILED",
    `${method} ${path} on the new release (${url.origin}) gave ${got}${times}; wanted ${wanted}. It got no traffic, and the old release serves on. What a release must answer stands under \`verify\` in godwit.config.ts; --no-verify skips it.`,
  );
}
