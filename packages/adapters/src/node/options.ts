/**
 * What a Node server can be told, and what it does when it is told nothing.
 * @module
 */
import type { EnvDefinition } from "@godwit/core/types";
import type { TrustProxy } from "../_http/forwarded.ts";
import type { Schedule } from "./schedule.ts";

export interface Limits {
  /** Bytes of the request line and all header fields. More is a 431. Default 16384. */
  headerBytes: number;
  /** Header fields. More is a 431. Default 100. */
  headerCount: number;
  /** Bytes of a request's body. More is a 413. Default 10485760 (10 MiB). */
  bodyBytes: number;
  /** Milliseconds in which the head of a request must have come, else 408. Default 10000. */
  headerTime: number;
  /** Milliseconds in which a whole request, body included, must have come, else 408. Default 60000. */
  requestTime: number;
  /** Milliseconds for which an idle connection stays open. Default 65000, longer than the 60 s of most balancers. */
  keepAlive: number;
  /** Milliseconds for which a client may leave a full socket unread before it is cut. Default 60000. */
  stall: number;
  /** Requests being answered at one time. More are answered 503 with Retry-After. Default 10000. */
  concurrency: number;
  /** Requests that one connection may have open: HTTP/2 streams, or pipelined ones (more are a 503). Default 100. */
  streams: number;
}

export interface ServeOptions {
  /** `PORT` of the environment wins. 0 takes a free one. Default 3000. */
  port?: number;
  /** `HOST` of the environment wins. Default: all addresses, IPv6 and IPv4. */
  host?: string;
  /** PEM text, or paths of PEM files. With it the server speaks HTTPS, and HTTP/2 to clients that ask for it (ALPN). */
  tls?: { key: string; cert: string };
  /** Default true; takes effect with `tls`. */
  http2?: boolean;
  /** Whose X-Forwarded-For, -Proto and -Host are believed. Default false: nobody's. */
  trustProxy?: TrustProxy;
  limits?: Partial<Limits>;
  /**
   * Paths of the liveness and readiness endpoints. They win over routes and files, and no middleware runs on them.
   * Default: none; a build gives `/healthz` and `/readyz` where no route of the app matches them.
   */
  health?: { live?: string; ready?: string };
  shutdown?: {
    /** Milliseconds between readiness turning 503 and the end of accepting connections. Default 0. */
    delay?: number;
    /** Milliseconds for requests in flight and `waitUntil` work to finish. Default 10000. */
    deadline?: number;
  };
  /** The default export of `env.ts`: checked before the server listens. */
  env?: EnvDefinition;
  /** A file URL in the folder that holds `public/` and its index `assets.json`. Default: no files are served. */
  root?: string;
  /** Routes that the server's own clock calls with GET; `context.trigger` is "schedule". Default: none. */
  schedules?: readonly Schedule[];
  /**
   * Hands the platform's own Request objects to the app and leaves the globals alone; slower. For apps with a module
   * that keeps `Request` or `fetch` from before the server started, such as instrumentation. Default false: the global
   * Request and fetch are wrapped, once in a process, so that they take the server's lazy requests, and the global
   * Response is replaced by a light one.
   */
  nativeRequest?: boolean;
}

export function readLimits(given: Partial<Limits> = {}): Limits {
  return {
    headerBytes: 16_384,
    headerCount: 100,
    bodyBytes: 10_485_760,
    headerTime: 10_000,
    requestTime: 60_000,
    keepAlive: 65_000,
    stall: 60_000,
    concurrency: 10_000,
    streams: 100,
    ...given,
  };
}
