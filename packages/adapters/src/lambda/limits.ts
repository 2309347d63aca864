/**
 * The fronts of Lambda: what each can do, in numbers. One place to correct; sources beside them.
 * @module
 */
import type { Capabilities, Limits } from "@godwit/bundler/contracts";

const MIB = 1_048_576;

/** The fronts that deploy can ship and the emulator plays. Each is a variant of the target. */
export type FrontName =
  | "http-api"
  | "rest"
  | "rest-stream"
  | "function-url"
  | "function-url-stream"
  | "alb"
  | "alb-multi"
  | "lattice";

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LIMITS: Limits = {
  functionBytes: 250 * MIB,
  startup: 10_000,
  duration: 900_000,
  requestBytes: 6 * MIB,
  responseBytes: 6 * MIB,
  // As base64 in one answer of 6 MiB, and with the zip under the 50 MB of a direct upload.
  assetBytes: 4 * MIB,
  assetTotalBytes: 40 * MIB,
  assetCount: 1000,
};
const STREAMED = 200 * MIB;

const COMMON: Omit<Capabilities, "front" | "limits"> = {
  checked: "2026-11-21",
  runtime: "node",
  streaming: false,
  // Streamed: after the last byte. Buffered: an internal extension keeps the environment awake, `background.ts`.
  waitUntil: "after",
  // Lambda tells a function nothing about a client that goes away.
  clientAbort: false,
  webSockets: false,
  assets: "function",
  schedule: true,
  memory: true,
  nodeBuiltins: "all",
  nativeModules: true,
};

/** Routes that an API takes: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
export const MOST_ROUTES = 300;
/** Left to files of `public/` whose path a route would take, and to what stands for `$default` in REST. */
export const SPARE = 10;

/** API Gateway: one route a path, to any function. It resolves no dot segments. */
const gateway = (limits: Limits, more: Partial<Capabilities>): Capabilities => ({
  ...COMMON,
  front: "segments",
  limits: { ...LIMITS, frontRoutes: MOST_ROUTES - SPARE, ...limits },
  ...more,
});

/** All to one function, which routes itself. */
const alone = (limits: Limits, more: Partial<Capabilities>): Capabilities => ({
  ...COMMON,
  front: "self",
  limits: { ...LIMITS, ...limits },
  ...more,
});

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html: 1 MB either way. */
const ALB: Limits = { requestBytes: MIB, responseBytes: MIB, assetBytes: 0.7 * MIB };

export const FRONTS: Record<FrontName, Capabilities> = {
  /**
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html: 300 routes an API, 30 s. Text
   * is text in the event: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
   */
  "http-api": gateway({ duration: 30_000 }, { alters: ["dot-segments", "encoded-path", "text-bodies"] }),
  /**
   * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
   * The query comes decoded and by name. Bodies are bytes: deploy sets `binaryMediaTypes` to all.
   */
  rest: gateway({ duration: 29_000 }, { alters: ["dot-segments", "query"] }),
  /** https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html: up to 15 minutes. */
  "rest-stream": gateway({ responseBytes: STREAMED }, { alters: ["dot-segments", "query"], streaming: true }),
  /** https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html: events as those of an HTTP API. */
  "function-url": alone({}, { alters: ["text-bodies"] }),
  "function-url-stream": alone({ responseBytes: STREAMED }, { alters: ["text-bodies"], streaming: true }),
  /** Path patterns of its rules have no notion of a segment. Without multi-value headers a map has one value a name. */
  alb: alone(ALB, { alters: ["query", "repeats", "text-bodies"] }),
  "alb-multi": alone(ALB, { alters: ["query", "text-bodies"] }),
  /** https://docs.aws.amazon.com/vpc-lattice/latest/ug/quotas.html: ten minutes a connection. */
  lattice: alone({ duration: 600_000 }, { alters: ["text-bodies"] }),
};

/** Whether answers leave behind it while they are written. */
export const isStreaming = (front: FrontName): boolean => FRONTS[front].streaming;

/** Whether it has one function behind it. */
export const isAlone = (front: FrontName): boolean => FRONTS[front].front === "self";
