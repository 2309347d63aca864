import type { ConformRequestInput } from "godwit";

const APP = "https://app.example";

/** Middleware: its order, its answers, and what each file of core does on a platform. */
export const layers: ConformRequestInput[] = [
  { path: "/order/page", expect: { status: 200, headers: { "x-layers": "second, first, root" } } },
  {
    path: "/order/inner/page",
    expect: { status: 200, body: "page", headers: { "x-layers": "inner, second, first, root" } },
  },
  {
    path: "/order/inner/page?stop",
    expect: { status: 200, body: "stopped", headers: { "x-layers": "inner, second, first, root" } },
  },
  {
    path: "/order/inner/page?throw",
    expect: { status: 418, headers: { "x-layers": "inner-after-error, second, first, root" } },
  },
  {
    name: "next() twice is an error of that layer",
    path: "/order/inner/page",
    headers: { "x-test-twice": "1" },
    expect: { status: 500, headers: { "x-error": "own", "x-layers": "second, first, root" } },
  },
  {
    path: "/mw/cors",
    headers: { origin: APP },
    expect: {
      status: 200,
      headers: { "access-control-allow-origin": APP, "access-control-allow-credentials": "true", vary: "Origin" },
    },
  },
  {
    path: "/mw/cors",
    headers: { origin: "https://evil.example" },
    expect: { status: 200, headers: { "access-control-allow-origin": null } },
  },
  {
    name: "a preflight",
    method: "OPTIONS",
    path: "/mw/cors",
    headers: { origin: APP, "access-control-request-method": "PUT" },
    expect: { status: 204, headers: { "access-control-allow-origin": APP, "access-control-max-age": "600" } },
  },
  { path: "/mw/etag", expect: { status: 200, body: "tagged", headers: { "cache-control": "max-age=60" } } },
  {
    path: "/mw/etag",
    headers: { "if-none-match": "*" },
    expect: { status: 304, body: "", headers: { "cache-control": "max-age=60" } },
  },
  { path: "/mw/etag", headers: { "if-none-match": '"other"' }, expect: { status: 200, body: "tagged" } },
  { path: "/mw/cached", expect: { status: 200, body: "got", headers: { age: null } } },
  { method: "QUERY", path: "/mw/cached", body: "one", expect: { status: 200, body: "asked one" } },
  {
    name: "what no QUERY with this content got",
    method: "QUERY",
    path: "/mw/cached",
    headers: { "cache-control": "only-if-cached" },
    body: "two",
    expect: { status: 504 },
  },
  {
    name: "a QUERY whose content is too long for the cache",
    method: "QUERY",
    path: "/mw/cached",
    body: "x".repeat(70_000),
    expect: { status: 200, body: `asked ${"x".repeat(70_000)}` },
  },
  { path: "/mw/secure", expect: { status: 200, headers: { "x-content-type-options": "nosniff" } } },
  { method: "POST", path: "/mw/limit", body: "x".repeat(1000), expect: { status: 200, body: "1000" } },
  { method: "POST", path: "/mw/limit", body: "x".repeat(1001), expect: { status: 413 } },
  {
    name: "a chunked body over the limit",
    method: "POST",
    path: "/mw/limit",
    body: "x".repeat(5000),
    chunked: 500,
    expect: { status: 413 },
  },
  {
    name: "a route's time is up",
    path: "/mw/slow",
    expect: { status: 504, headers: { "content-type": "application/problem+json" } },
  },
  { path: "/mw/id", vary: ["x-request-id"], expect: { status: 200, json: true } },
  { path: "/mw/ip", expect: { status: 403 } },
  {
    name: "a client cannot claim an address",
    path: "/mw/ip",
    headers: { "x-forwarded-for": "10.0.0.1" },
    expect: { status: 403 },
  },
];
