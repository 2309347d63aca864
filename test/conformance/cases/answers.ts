import type { ConformRequestInput } from "godwit";

const TWO = ["a=1; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT", "b=2; HttpOnly; Secure; SameSite=Lax"];
const OWN_ERROR = {
  status: 500,
  headers: { "x-error": "own", "x-layers": "root" },
  json: { error: true, route: "/errors/[kind]" },
};

const statuses = [200, 201, 202, 203, 206, 299, 400, 401, 403, 404, 409, 410, 418, 422, 429, 451, 500, 501, 503, 599];

/** Statuses, cookies, redirects, errors, headers. */
export const answers: ConformRequestInput[] = [
  ...statuses.map((status) => ({
    path: `/status/${status}`,
    expect: { status, body: `status ${status}`, headers: { "content-type": "text/plain" } },
  })),
  { path: "/status/204", expect: { status: 204, body: "" } },
  { path: "/status/205", expect: { status: 205, body: "" } },
  { path: "/status/304", expect: { status: 304, body: "" } },
  { path: "/cookies/two", expect: { status: 200, body: "cookies", headers: { "set-cookie": TWO } } },
  { method: "HEAD", path: "/cookies/two", expect: { status: 200, body: "", headers: { "set-cookie": TWO } } },
  {
    path: "/cookies/many",
    expect: { status: 204, headers: { "set-cookie": Array.from({ length: 12 }, (_, index) => `c${index}=${index}`) } },
  },
  { path: "/cookies/read", headers: { cookie: "a=1; b=2" }, expect: { status: 200, json: "a=1; b=2" } },
  { path: "/cookies/read", expect: { status: 200, json: null } },
  { path: "/redirect/absolute", expect: { status: 301, headers: { location: "https://example.com/there?x=1" } } },
  { path: "/redirect/see-other", expect: { status: 303, headers: { location: "/" } } },
  { path: "/redirect/relative", expect: { status: 302, headers: { location: "../echo?from=redirect" } } },
  {
    path: "/errors/http",
    expect: {
      status: 409,
      headers: { "content-type": "application/problem+json", "x-why": "taken", "x-layers": "root" },
      json: { type: "about:blank", title: "Conflict", status: 409, detail: "Taken.", code: "TAKEN", by: 1 },
    },
  },
  { path: "/errors/plain", expect: OWN_ERROR },
  { path: "/errors/string", expect: OWN_ERROR },
  { path: "/errors/undefined", expect: OWN_ERROR },
  { path: "/errors/nothing", expect: OWN_ERROR },
  { path: "/errors/retry", expect: { status: 503, headers: { "retry-after": "5" } } },
  { method: "HEAD", path: "/errors/plain", expect: { status: 500, body: "", headers: { "x-error": "own" } } },
  {
    path: "/headers/sent",
    expect: {
      status: 200,
      body: "headers",
      headers: {
        "x-mixed-case": "Kept",
        "x-empty": "",
        "x-spaces": "a  b",
        "x-list": "one, two, three",
        vary: "accept, cookie",
      },
    },
  },
  { path: "/headers/length", expect: { status: 200, body: "12345" } },
  {
    path: "/headers/encoded",
    expect: { status: 200, headers: { "content-encoding": "gzip" }, bodyBase64: "H4sIAAAAAAAAA8vIBACsKpPYAgAAAA==" },
  },
  {
    name: "encoded bytes for a client that takes gzip",
    path: "/headers/encoded",
    headers: { "accept-encoding": "gzip, br" },
    expect: { status: 200, headers: { "content-encoding": "gzip" }, bodyBase64: "H4sIAAAAAAAAA8vIBACsKpPYAgAAAA==" },
  },
  {
    name: "nobody compresses unasked",
    path: "/binary/5000",
    headers: { "accept-encoding": "gzip" },
    expect: { status: 200, bytes: 5000, headers: { "content-encoding": null } },
  },
  {
    path: "/headers/seen",
    headers: { "X-Test-A": "one", "x-test-b": "  padded  " },
    expect: {
      json: [
        ["x-test-a", "one"],
        ["x-test-b", "padded"],
      ],
    },
  },
  {
    path: "/headers/seen",
    needs: ["repeats"],
    headers: { "x-test-list": ["one", "two"] },
    expect: { json: [["x-test-list", "one, two"]] },
  },
  { path: "/headers/seen", headers: { "x-test-empty": "" }, expect: { json: [["x-test-empty", ""]] } },
  {
    path: "/headers/seen",
    headers: { "x-test-comma": "a, b", "x-test-colon": "a:b:c" },
    expect: {
      json: [
        ["x-test-colon", "a:b:c"],
        ["x-test-comma", "a, b"],
      ],
    },
  },
  {
    name: "a header of 6 kB",
    path: "/headers/seen",
    headers: { "x-test-long": "y".repeat(6000) },
    expect: { json: [["x-test-long", "y".repeat(6000)]] },
  },
  { path: "/env", expect: { status: 200, json: { GREETING: "hello", LIMIT: 7, TOKEN: "unset-token" } } },
  {
    path: "/context",
    expect: {
      status: 200,
      json: { label: "set", shared: true, trigger: "http", aborted: false, same: true, id: "string" },
    },
  },
  { path: "/wait", expect: { status: 200, body: "answered" } },
  { method: "POST", path: "/wait", expect: { status: 200, body: "answered all the same" } },
];
