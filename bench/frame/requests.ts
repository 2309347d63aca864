/**
 * What the apps of the contestants are asked.
 * @module
 */
import { createHmac } from "node:crypto";
import type { Ask } from "./load.ts";

const ORIGIN = "http://bench.test";
const json = { "content-type": "application/json" };
const items = Array.from({ length: 40 }, (_, id) => ({ id, name: `item number ${id}`, price: id * 1.5 }));

/** The app `table`. */
export const TABLE: Record<string, Ask> = {
  root: { method: "GET", url: `${ORIGIN}/`, status: 200 },
  param: { method: "GET", url: `${ORIGIN}/users/1234`, status: 200 },
  "10th of 30": { method: "GET", url: `${ORIGIN}/r/9`, status: 200 },
  "2 KB POST": { method: "POST", url: `${ORIGIN}/items`, headers: json, body: JSON.stringify(items), status: 200 },
  "not found": { method: "GET", url: `${ORIGIN}/not/here`, status: 404 },
  "3 middlewares": { method: "GET", url: `${ORIGIN}/mw/x`, status: 200 },
};

export const SECRET = "a secret of the yardstick";

/** The app `full`: a token, a body that is checked, a limit. */
export function fullRequest(): Ask {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "ada", exp: 4_000_000_000 })}`;
  const token = `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
  const headers = { ...json, authorization: `Bearer ${token}` };
  const body = JSON.stringify({ name: "lamp", tags: ["new"] });
  return { method: "POST", url: `${ORIGIN}/items`, headers, body, status: 200 };
}

/** As an HTTP API of API Gateway sends it, payload format 2.0. */
export function toEvent({ method, url, headers = {}, body }: Ask): Record<string, unknown> {
  const { pathname } = new URL(url);
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: pathname,
    rawQueryString: "",
    headers: { host: "bench.test", "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https", ...headers },
    requestContext: {
      accountId: "123456789012",
      apiId: "bench",
      domainName: "bench.test",
      domainPrefix: "bench",
      http: { method, path: pathname, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "bench" },
      requestId: "bench",
      routeKey: "$default",
      stage: "$default",
      time: "21/Nov/2026:00:00:00 +0000",
      timeEpoch: 1_795_219_200_000,
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  };
}
