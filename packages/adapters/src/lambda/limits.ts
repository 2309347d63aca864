/**
 * What Lambda and its fronts can do, in numbers. One place to correct; sources beside them.
 * @module
 */
import type { Capabilities, Limits } from "@godwit/bundler/contracts";

const MIB = 1_048_576;

/** The fronts that deploy can ship, and what each sends its events as. */
export const FRONTS = {
  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html: 300 routes an API, 30 s. */
  "http-api": { streaming: false, alone: false, frontRoutes: 300, duration: 30_000 },
  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
  rest: { streaming: false, alone: false, frontRoutes: 300, duration: 29_000 },
  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html: up to 15 minutes. */
  "rest-stream": { streaming: true, alone: false, frontRoutes: 300, duration: 900_000 },
  /** A function URL has one function behind it. */
  "function-url": { streaming: "either", alone: true, frontRoutes: undefined, duration: 900_000 },
  /** Its path patterns have no notion of a segment, so that it sends all to one function. */
  alb: { streaming: false, alone: true, frontRoutes: undefined, duration: 900_000 },
  lattice: { streaming: false, alone: true, frontRoutes: undefined, duration: 600_000 },
} as const;

export type FrontName = keyof typeof FRONTS;

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LIMITS: Limits = {
  functionBytes: 250 * MIB,
  startup: 10_000,
  duration: 900_000,
  requestBytes: 6 * MIB,
  // As base64 in one answer of 6 MiB, and with the zip under the 50 MB of a direct upload.
  assetBytes: 4 * MIB,
  assetTotalBytes: 40 * MIB,
  assetCount: 1000,
};

const common: Omit<Capabilities, "streaming" | "waitUntil" | "front" | "limits"> = {
  checked: "2026-11-21",
  runtime: "node",
  // Lambda tells a function nothing about a client that goes away.
  clientAbort: false,
  webSockets: false,
  assets: "function",
  schedule: true,
  nodeBuiltins: "all",
  nativeModules: true,
};

/** An internal extension keeps the environment awake: `background.ts`. */
const buffered: Capabilities = {
  ...common,
  streaming: false,
  waitUntil: "after",
  front: "segments",
  limits: { ...LIMITS, responseBytes: 6 * MIB },
};

const streaming: Capabilities = {
  ...common,
  streaming: true,
  waitUntil: "after",
  front: "segments",
  limits: { ...LIMITS, responseBytes: 200 * MIB },
};

/** `-alone` is one function behind a front that does not route. */
export const VARIANTS: Record<Variant, Capabilities> = {
  buffered,
  streaming,
  "buffered-alone": { ...buffered, front: "self" },
  "streaming-alone": { ...streaming, front: "self" },
};

export type Variant = "buffered" | "streaming" | "buffered-alone" | "streaming-alone";

/** What the front changes in them. A load balancer takes 1 MiB either way. */
export function limitsOf(front: FrontName): Limits {
  const { frontRoutes, duration } = FRONTS[front];
  return {
    duration,
    ...(frontRoutes && { frontRoutes }),
    ...(front === "alb" && { requestBytes: MIB, responseBytes: MIB, assetBytes: 0.7 * MIB }),
  };
}
