import type { ConformRequestInput } from "godwit";

/** Fetch apps of others, mounted as they are. */
export const mounted: ConformRequestInput[] = [
  { path: "/mount/hono", expect: { status: 200, body: "hono root" } },
  { path: "/mount/hono/users/7?q=a%20b", expect: { status: 200, json: { id: "7", q: "a b" } } },
  { method: "POST", path: "/mount/hono/echo", body: "hono", expect: { status: 201, body: "hono" } },
  { path: "/mount/hono/cookies", expect: { status: 200, headers: { "set-cookie": ["a=1", "b=2"] } } },
  { path: "/mount/hono/nowhere", expect: { status: 404, body: "404 Not Found" } },
  { path: "/mount/itty/users/7", expect: { status: 200, json: { id: "7" } } },
  { method: "POST", path: "/mount/itty/echo", body: "itty", expect: { status: 201, body: "itty" } },
  { path: "/mount/h3/users/7", expect: { status: 200, json: { id: "7" } } },
  { method: "POST", path: "/mount/h3/echo", body: "h3", expect: { status: 201, body: "h3" } },
  {
    path: "/mount/worker/x",
    expect: { status: 200, json: { pathname: "/mount/worker/x", method: "GET", env: "object" } },
  },
  { method: "PURGE", path: "/mount/worker", expect: { status: 200, jsonIncludes: { method: "PURGE" } } },
];
