import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { appOf, execution, get, type Line, linesOf, ORIGIN } from "../app.fixture.ts";
import { concurrency } from "../rate-limit/concurrency.ts";
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { gcra } from "../rate-limit/gcra.ts";
import { byAll, byHeader, byIp, byRoute } from "../rate-limit/keys.ts";
import { slidingWindow } from "../rate-limit/sliding-window.ts";
import { tokenBucket } from "../rate-limit/token-bucket.ts";
import { open as openMemory } from "../stores/memory.ts";
import { openStores } from "../stores/open.ts";
import { open as openSqlite } from "../stores/sqlite.ts";
import type { CounterStore, Store } from "../stores/store.ts";
import type { App, Handler } from "../types.ts";
import { type RateLimitOptions, rateLimit } from "./rate-limit.ts";

const HOUR = 3_600_000;
const twoAnHour = { algorithm: tokenBucket, limit: 2, window: HOUR };
const hello: Handler = () => new Response("in");

function limited(options: RateLimitOptions, store?: Store, handler = hello): App {
  return appOf(handler, [rateLimit(options)], store && { stores: openStores({ main: { open: () => store } }) });
}

const ask = (app: App, ip?: string, headers?: HeadersInit, path = "/") => get(app, path, headers, execution({ ip }));
const statuses = async (app: App, ips: (string | undefined)[]) => {
  const found: number[] = [];
  for (const ip of ips) {
    const response = await ask(app, ip);
    await response.body?.cancel();
    found.push(response.status);
  }
  return found;
};

/** Counts what reaches the counters of a memory store. */
function spied(change: Partial<CounterStore> = {}): { store: Store; calls: () => number } {
  const store = openMemory();
  const { counters } = store;
  assert.ok(counters);
  let count = 0;
  const take: CounterStore["take"] = (...given) => {
    count++;
    return (change.take ?? counters.take)(...given);
  };
  return { store: { ...store, counters: { ...counters, take } }, calls: () => count };
}

test("a client over its limit gets a 429 problem with the fields of the draft, and others get in", async () => {
  const app = limited({ limits: [twoAnHour] });
  const first = await ask(app, "192.0.2.1");
  assert.deepEqual(
    [first.status, first.headers.get("ratelimit-policy"), first.headers.get("ratelimit")],
    [200, '"2-per-3600s";q=2;w=3600', '"2-per-3600s";r=1;t=1800'],
  );
  await ask(app, "192.0.2.1");
  const refused = await ask(app, "192.0.2.1");
  assert.deepEqual(
    [refused.status, refused.headers.get("content-type"), refused.headers.get("ratelimit-policy")],
    [429, "application/problem+json", '"2-per-3600s";q=2;w=3600'],
  );
  assert.match(refused.headers.get("ratelimit") ?? "", /^"2-per-3600s";r=0;t=1800$/);
  assert.equal(refused.headers.get("retry-after"), "1800");
  assert.deepEqual(await refused.json(), {
    type: "https://iana.org/assignments/http-problem-types#quota-exceeded",
    title: "Too Many Requests",
    status: 429,
    code: "RATE_LIMITED",
    "violated-policies": ["2-per-3600s"],
  });
  assert.equal((await ask(app, "192.0.2.2")).status, 200);
});

test("several limits hold at once, and a request that one refuses takes from none", async () => {
  const limits = [
    { algorithm: gcra, limit: 3, window: HOUR, burst: 3, name: "steady" },
    { algorithm: slidingWindow, limit: 2, window: 24 * HOUR, name: "day" },
  ];
  const app = limited({ limits });
  await statuses(app, ["192.0.2.1", "192.0.2.1"]);
  const refused = await ask(app, "192.0.2.1");
  assert.equal(refused.headers.get("ratelimit-policy"), '"steady";q=3;w=3600, "day";q=2;w=86400');
  assert.match(refused.headers.get("ratelimit") ?? "", /^"steady";r=1;t=\d+, "day";r=0;t=\d+$/);
  assert.deepEqual((await refused.json())["violated-policies"], ["day"]);
});

test("IPv6 counts by /64, a mapped address as IPv4, and clients without an address share one key", async () => {
  const app = limited({ limits: [{ ...twoAnHour, limit: 1 }] });
  assert.deepEqual(
    await statuses(app, ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"]),
    [200, 429, 200],
  );
  assert.deepEqual(await statuses(app, ["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"]), [200, 429, 200]);
  assert.deepEqual(await statuses(app, [undefined, undefined]), [200, 429]);
});

test("a key may be a header, the route, several, or any function; without one it is the address", async () => {
  const limits = [{ ...twoAnHour, limit: 1 }];
  const byKey = limited({ limits, key: byHeader("x-api-key") });
  const found: number[] = [];
  for (const name of ["a", "a", "b"]) found.push((await ask(byKey, "192.0.2.1", { "x-api-key": name })).status);
  assert.deepEqual(found, [200, 429, 200]);
  assert.deepEqual(await statuses(byKey, ["192.0.2.1", "192.0.2.1"]), [200, 429]);
  assert.deepEqual(await statuses(limited({ limits, key: byRoute }), ["192.0.2.1", "192.0.2.2"]), [200, 429]);
  const own = limited({ limits, key: async (_, { url }) => url.searchParams.get("user") ?? undefined });
  assert.equal((await ask(own, "192.0.2.1", {}, "/?user=ada")).status, 200);
  assert.equal((await ask(own, "192.0.2.2", {}, "/?user=ada")).status, 429);
  assert.equal((await ask(own, "192.0.2.2", {}, `/?user=${"long".repeat(300)}`)).status, 200);
  assert.equal((await ask(own, "192.0.2.3", {}, `/?user=${"long".repeat(300)}`)).status, 429);
  assert.deepEqual(
    await statuses(limited({ limits, key: byAll(byIp, byRoute, byHeader("x-no")) }), ["::1", "::1", "1.2.3.4"]),
    [200, 429, 200],
  );
});

test("the store of that name counts for every instance, on memory and on SQLite", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "godwit-limit-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const sqlite = () => openSqlite({}, { name: "main", bindings: { STORE_PATH: folder } });
  const one = openMemory();
  for (const open of [() => one, sqlite]) {
    const apps = [0, 1, 2].map(() => limited({ limits: [twoAnHour], store: "main" }, open()));
    const found = await Promise.all(apps.map((app) => statuses(app, ["192.0.2.1", "192.0.2.1"])));
    assert.equal(found.flat().filter((status) => status === 200).length, 2);
  }
});

test("a blocked client costs no round trip until it may pass, and is told the time that is left", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 10 * HOUR });
  const { store, calls } = spied();
  const app = limited({ limits: [{ ...twoAnHour, limit: 1 }], store: "main" }, store);
  assert.deepEqual(await statuses(app, ["192.0.2.1", "192.0.2.1"]), [200, 429]);
  assert.equal(calls(), 2);
  t.mock.timers.tick(HOUR - 5_000);
  const refused = await ask(app, "192.0.2.1");
  assert.deepEqual([refused.status, refused.headers.get("retry-after"), calls()], [429, "5", 2]);
  assert.equal(refused.headers.get("ratelimit"), '"1-per-3600s";r=0;t=5');
  t.mock.timers.tick(5_000);
  assert.equal((await ask(app, "192.0.2.1")).status, 200);
  assert.equal(calls(), 3);
});

test("a refusal of much does not refuse less", async () => {
  const cost = (request: Request) => Number(new URL(request.url).searchParams.get("cost"));
  const app = limited({ limits: [{ ...twoAnHour, limit: 5 }], cost });
  const found: number[] = [];
  for (const units of [3, 4, 0, 2, 1]) found.push((await ask(app, "::1", {}, `/?cost=${units}`)).status);
  assert.deepEqual(found, [200, 429, 200, 200, 429]);
});

test("what a request has cost in truth is taken afterwards, more or less", async () => {
  const spent = (response: Response) => Number(response.headers.get("x-spent"));
  const app = limited({ limits: [{ ...twoAnHour, limit: 10 }], cost: 4, spent }, undefined, (request) => {
    const units = new URL(request.url).searchParams.get("spent") ?? "";
    return new Response("in", { headers: { "x-spent": units } });
  });
  const left = async (units: number) => {
    const { status, headers } = await ask(app, "::1", {}, `/?spent=${units}`);
    return [status, /r=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]];
  };
  assert.deepEqual(await left(1), [200, "6"]);
  assert.deepEqual(await left(5), [200, "5"]);
  assert.deepEqual(await left(40), [200, "0"]);
  assert.deepEqual(await left(0), [429, "0"]);
});

test("concurrency counts requests that are under way, and gives back what failed as well", async () => {
  const limits = [{ algorithm: concurrency, limit: 2, window: HOUR }];
  const gate = Promise.withResolvers<void>();
  const both = Promise.withResolvers<void>();
  let inside = 0;
  const app = limited({ limits, spent: () => Promise.reject(new Error("no count")) }, undefined, async ({ url }) => {
    if (url.endsWith("/wait")) {
      if (++inside === 2) both.resolve();
      await gate.promise;
    }
    throw new Error("handler failed");
  });
  await linesOf(async () => {
    const running = [1, 2].map(() => ask(app, "::1", {}, "/wait"));
    await both.promise;
    const refused = await ask(app, "::1");
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
    assert.equal(refused.headers.get("ratelimit-policy"), '"2-at-once";q=2;qu="concurrent-requests"');
    assert.equal(refused.headers.get("ratelimit"), '"2-at-once";r=0');
    gate.resolve();
    assert.deepEqual(
      await Promise.all(running.map(async (one) => [(await one).status, (await (await one).json()).status])),
      [
        [500, 500],
        [500, 500],
      ],
    );
    assert.deepEqual(await statuses(app, Array(5).fill("::1")), [500, 500, 500, 500, 500]);
  });
});

test("who is allowed is never limited, and who is denied never gets in", async () => {
  const limits = [{ ...twoAnHour, limit: 1 }];
  const app = limited({ limits, allow: ["10.0.0.0/8", "ip:192.0.2.9"], deny: ["10.6.6.0/24"] });
  assert.deepEqual(await statuses(app, ["10.0.0.1", "10.0.0.1", "192.0.2.9", "192.0.2.9"]), [200, 200, 200, 200]);
  assert.equal((await ask(app, "10.0.0.1")).headers.get("ratelimit"), null);
  assert.deepEqual(await statuses(app, ["10.6.6.6", "11.0.0.1", "11.0.0.1"]), [403, 200, 429]);
});

test("a list's addresses are those of clients, and a key that a client may choose is none of them", async () => {
  const limits = [{ ...twoAnHour, limit: 1 }];
  const key = (_: Request, { url }: { url: URL }) => url.searchParams.get("user") ?? undefined;
  const app = limited({ limits, key, allow: ["10.0.0.0/8", "192.0.2.9", "ip:192.0.2.9", "staff"], deny: ["10.6.6.6"] });
  const twice = async (user: string) => {
    await ask(app, "198.51.100.1", {}, `/?user=${user}`);
    return (await ask(app, "198.51.100.1", {}, `/?user=${user}`)).status;
  };
  for (const user of ["10.0.0.0/8", "192.0.2.9", "ip:192.0.2.9", "10.6.6.6"])
    assert.equal(await twice(user), 429, user);
  assert.equal(await twice("staff"), 200);
});

test("no user counts for somebody else, whatever they call themselves", async () => {
  const limits = [{ ...twoAnHour, limit: 1 }];
  const key = (_: Request, { url }: { url: URL }) => {
    const user = url.searchParams.get("user");
    return user === null ? undefined : String(JSON.parse(user));
  };
  const app = limited({ limits, key });
  const inner = limited({ limits, key: byAll(key, byRoute) });
  const names = ["ip:192.0.2.1", "key:ip:192.0.2.1", "key:key:ip:192.0.2.1", "", "__proto__", "\uD800", "\uDBFF"];
  names.push(
    "é",
    "e\u0301",
    `${"long".repeat(99)}a`,
    `${"long".repeat(99)}b`,
    `${"long".repeat(99)}\uD800`,
    '["a","b"]',
  );
  for (const one of [app, inner]) {
    assert.deepEqual(await statuses(one, ["192.0.2.1", "192.0.2.1"]), [200, 429]);
    for (const status of [200, 429]) {
      for (const name of names) {
        const path = `/?user=${encodeURIComponent(JSON.stringify(name))}`;
        assert.equal((await ask(one, "203.0.113.7", {}, path)).status, status, JSON.stringify(name));
      }
    }
  }
});

test("a refusal of one limit refuses nobody at another that shares its counters", async () => {
  const route = (limit: number) =>
    rateLimit({ limits: [{ algorithm: fixedWindow, limit, window: 24_000 * HOUR, name: "api" }] });
  const [few, more] = [route(1), route(3)];
  const app = appOf(hello, [(request, context, next) => (context.url.search ? few : more)(request, context, next)]);
  const found: number[] = [];
  for (const path of ["/", "/?few", "/", "/", "/"]) found.push((await ask(app, "::1", {}, path)).status);
  assert.deepEqual(found, [200, 429, 200, 200, 429]);
});

test("a cost below 0 is an error of the app's, and gives nothing back", async () => {
  const cost = (request: Request) => Number(new URL(request.url).searchParams.get("cost"));
  const app = limited({ limits: [{ ...twoAnHour, limit: 1 }], cost });
  assert.equal((await ask(app, "::1", {}, "/?cost=1")).status, 200);
  const lines = await linesOf(async () => assert.equal((await ask(app, "::1", {}, "/?cost=-1")).status, 500));
  assert.match(JSON.stringify(lines), /RATE_LIMIT_COST_NEGATIVE/);
  assert.equal((await ask(app, "::1", {}, "/?cost=1")).status, 429);
});

test("what the platform itself calls by a schedule is not limited", async () => {
  const app = limited({ limits: [{ ...twoAnHour, limit: 1 }] });
  for (let at = 0; at < 3; at++) {
    const response = await get(app, "/", {}, execution({ trigger: "schedule" }));
    assert.deepEqual([response.status, response.headers.get("ratelimit")], [200, null]);
  }
  assert.deepEqual(await statuses(app, [undefined, undefined]), [200, 429]);
});

test("a dry run refuses nobody, tells clients nothing, and writes what it would have done", async () => {
  const app = limited({ limits: [{ ...twoAnHour, limit: 1 }], dryRun: true, deny: ["10.0.0.1"] });
  const lines: Line[] = await linesOf(async () => {
    assert.deepEqual(await statuses(app, ["192.0.2.1", "192.0.2.1", "10.0.0.1"]), [200, 200, 200]);
    assert.equal((await ask(app, "192.0.2.5")).headers.get("ratelimit"), null);
  });
  assert.deepEqual(
    lines.map(({ message, key, violated, denied }) => [message, key, violated ?? denied]),
    [
      ["rate limit: would refuse", "ip:192.0.2.1", ["1-per-3600s"]],
      ["rate limit: would refuse", "ip:10.0.0.1", true],
    ],
  );
});

test("a store that fails or is late lets requests pass, or refuses them, as was chosen", async () => {
  const failing = [() => Promise.reject(new Error("no server")), () => new Promise<never>(() => {})];
  for (const take of failing) {
    const { store } = spied({ take });
    const lines = await linesOf(async () => {
      const options: RateLimitOptions = { limits: [twoAnHour], store: "main", deadline: 5 };
      const opened = await ask(limited(options, store), "::1");
      assert.deepEqual([opened.status, opened.headers.get("ratelimit")], [200, null]);
      const closed = await ask(limited({ ...options, onStoreError: "closed" }, store), "::1");
      assert.deepEqual([closed.status, (await closed.json()).code], [503, "RATE_LIMIT_UNAVAILABLE"]);
      assert.equal(
        (await ask(limited({ ...options, onStoreError: "closed", dryRun: true }, store), "::1")).status,
        200,
      );
    });
    assert.deepEqual(
      lines.map(({ message }) => message),
      Array(3).fill("rate limit: the store failed"),
    );
  }
});

test("a deadline that no timer takes is a long one", async () => {
  const { counters } = openMemory();
  const take: CounterStore["take"] = async (...given) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(counters);
    return counters.take(...given);
  };
  const { store } = spied({ take });
  const app = limited({ limits: [{ ...twoAnHour, limit: 1 }], store: "main", deadline: Infinity }, store);
  assert.deepEqual(await statuses(app, ["::1", "::1"]), [200, 429]);
});

test("a store without counters, or one that is not there, is an error of the app's and lets nobody pass", async () => {
  const { counters: _, ...values } = openMemory();
  for (const app of [
    limited({ limits: [twoAnHour], store: "main" }, values),
    limited({ limits: [twoAnHour], store: "main" }),
  ]) {
    const lines = await linesOf(async () => assert.equal((await ask(app, "::1")).status, 500));
    assert.match(JSON.stringify(lines), /RATE_LIMIT_STORE_MISSING/);
  }
  const half = limited({ limits: [twoAnHour], cost: 0.5 });
  const lines = await linesOf(async () => assert.equal((await ask(half, "::1")).status, 500));
  assert.match(JSON.stringify(lines), /STORE_COST_INVALID/);
});

test("limits of an outer and an inner middleware are both told", async () => {
  const limits = (name: string) => [{ ...twoAnHour, name }];
  const app = appOf(hello, [rateLimit({ limits: limits("outer") }), rateLimit({ limits: limits("inner") })]);
  const response = await app.fetch(new Request(`${ORIGIN}/`), execution({ ip: "::1" }));
  assert.equal(response.headers.get("ratelimit-policy"), '"inner";q=2;w=3600, "outer";q=2;w=3600');
});

test("limits that cannot be counted are refused when the app starts", () => {
  const one = { algorithm: fixedWindow, limit: 1, window: 1_000 };
  const wrong = [
    [],
    [one, one],
    [{ ...one, limit: 0 }],
    [{ ...one, limit: 1.5 }],
    [{ ...one, window: Number.NaN }],
    [{ ...one, burst: -1 }],
    [{ ...one, limit: 2 ** 40, window: 2 ** 20 }],
    [{ ...one, limit: 1e15, window: 1 }],
    [{ ...one, name: 'a"b' }],
    [{ ...one, name: "" }],
  ];
  for (const limits of wrong) assert.throws(() => rateLimit({ limits }), { code: "RATE_LIMIT_INVALID" });
  for (const rule of ["10.0.0.0/33", "10.0.0/8", "::1/129", "2001:db8/32"]) {
    assert.throws(() => rateLimit({ limits: [one], deny: [rule] }), { code: "RATE_LIMIT_INVALID" }, rule);
  }
});
