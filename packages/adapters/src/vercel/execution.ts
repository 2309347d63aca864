/**
 * What Vercel tells about a request, for both runtimes. Its proxy overwrites every header read here, so that no client
 * can set one: https://vercel.com/docs/headers/request-headers
 * @module
 */
import type { ExecutionContext, Geo, Trigger } from "@godwit/core/types";

export type ReadHeader = (name: string) => string | null | undefined;

export interface VercelRequestContext {
  waitUntil?(promise: Promise<unknown>): void;
}

/** The context that Vercel's launchers hold for the request at hand; `@vercel/functions` reads the same symbol. */
export function requestContext(): VercelRequestContext | undefined {
  const holder = globalThis as { [key: symbol]: { get?(): VercelRequestContext | undefined } | undefined }; // Vercel's
  return holder[Symbol.for("@vercel/request-context")]?.get?.();
}

/** `process.env` on Node; on Edge an object of that name, where the build saw a use of it. */
export function environment(): Record<string, string | undefined> {
  return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {}; // Edge may lack it
}

export interface ExecutionParts {
  header: ReadHeader;
  /** What the launcher handed over: `{ request, context }` on Edge, `{ req, res }` on Node. */
  raw: unknown;
  waitUntil: (promise: Promise<unknown>) => void;
  trigger: Trigger;
}

/** Makes the execution context of one request. Address and place are read when somebody asks for them. */
export function createExecution({ header, raw, waitUntil, trigger }: ExecutionParts): ExecutionContext {
  return {
    env: environment(),
    waitUntil,
    trigger,
    platform: { name: "vercel", raw },
    requestId: header("x-vercel-id") ?? undefined,
    get ip() {
      return header("x-real-ip") || header("x-forwarded-for")?.split(",")[0]?.trim() || undefined;
    },
    get geo() {
      return readGeo(header);
    },
  };
}

function readGeo(header: ReadHeader): Geo | undefined {
  const read = (name: string): string | undefined => header(`x-vercel-ip-${name}`) || undefined;
  const geo: Geo = {
    country: read("country"),
    region: read("country-region"),
    city: decode(read("city")),
    continent: read("continent"),
    postalCode: read("postal-code"),
    latitude: read("latitude"),
    longitude: read("longitude"),
    timezone: read("timezone"),
  };
  return Object.values(geo).some(Boolean) ? geo : undefined;
}

/** Cities come percent-encoded, since header values are ASCII. */
function decode(value: string | undefined): string | undefined {
  try {
    return value && decodeURIComponent(value);
  } catch {
    return value;
  }
}
