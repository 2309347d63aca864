import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { appOf, ORIGIN } from "../app.fixture.ts";
import { type CacheOptions, cache } from "../middleware/cache.ts";

const NOW = Date.UTC(2026, 9, 21, 7, 28, 0);
const at = (seconds: number) => new Date(NOW + seconds * 1000).toUTCString();
type Fields = Record<string, string>;

interface Row {
  /** RFC 9111, where it says no other. */
  clause: string;
  /** What the origin answers: the fields of each answer, the last one again and again. */
  gives: (Fields & { status?: string })[];
  /** Seconds to pass, the request, and what becomes of it: the first parameters of Cache-Status, and fields. */
  asks: [after: number, asked: Fields & { method?: string }, did: string, fields?: Record<string, string | null>][];
  options?: CacheOptions;
}

const MINUTE = { "cache-control": "max-age=60" };
const STORED = "fwd=uri-miss; fwd-status=200; stored";
const PASSED = "fwd=uri-miss; fwd-status=200";

const rows: Row[] = [
  {
    clause: "3: a final status alone is stored; what names no lifetime and is not cacheable by default is not",
    gives: [{ status: "418", etag: '"a"' }],
    asks: [
      [0, {}, "fwd=uri-miss; fwd-status=418"],
      [1, {}, "fwd=uri-miss; fwd-status=418"],
    ],
  },
  {
    clause: "3: explicit freshness lets any final status be stored",
    gives: [{ status: "418", ...MINUTE }],
    asks: [
      [0, {}, "fwd=uri-miss; fwd-status=418; stored"],
      [59, {}, "hit; ttl=1", { age: "59" }],
    ],
  },
  {
    clause: "3.1: fields that Connection names, and those of a hop, are not stored",
    gives: [
      { ...MINUTE, connection: "x-a, close", "x-a": "1", "proxy-authenticate": "Basic", "keep-alive": "1", "x-b": "2" },
    ],
    asks: [
      [0, {}, STORED],
      [0, {}, "hit; ttl=60", { "x-a": null, "proxy-authenticate": null, "keep-alive": null, "x-b": "2" }],
    ],
  },
  {
    clause: "3.2: a 304 changes stored fields, but none about the bytes at hand",
    gives: [
      { "cache-control": "max-age=1", etag: '"a"', "x-a": "1", "content-encoding": "x" },
      {
        status: "304",
        ...MINUTE,
        etag: '"a"',
        "x-a": "2",
        "content-encoding": "y",
        "content-length": "99",
        "x-new": "1",
      },
    ],
    asks: [
      [0, {}, STORED],
      [
        2,
        {},
        "fwd=stale; fwd-status=304; stored; ttl=60",
        { "x-a": "2", "x-new": "1", "content-length": "1", "content-encoding": "x" },
      ],
      [50, {}, "hit; ttl=10"],
    ],
  },
  {
    clause: "3.3: parts are not stored, nor what is incomplete",
    gives: [
      { status: "206", ...MINUTE, "content-range": "bytes 0-0/9" },
      { ...MINUTE, "content-length": "9" },
    ],
    asks: [
      [0, { range: "bytes=0-0" }, "fwd=uri-miss; fwd-status=206"],
      [0, {}, STORED],
      [0, {}, STORED],
    ],
  },
  {
    clause: "3.5: an answer to Authorization is shared only where it says so",
    gives: [MINUTE, { "cache-control": "max-age=60, public" }],
    asks: [
      [0, { authorization: "a" }, PASSED],
      [0, { authorization: "a" }, STORED],
      [0, { authorization: "b" }, "hit; ttl=60"],
    ],
  },
  {
    clause: "4: an answer without validation has an Age; 4.2.3: of Date, Age, the way and the stay",
    gives: [{ ...MINUTE, age: "10", date: at(-30) }],
    asks: [
      [0, {}, STORED],
      [5, {}, "hit; ttl=25", { age: "35", date: at(-30) }],
    ],
  },
  {
    clause: "4.1: a field that is absent matches only one that is; several fields must all match",
    gives: [{ ...MINUTE, vary: "a, b" }],
    asks: [
      [0, { a: "1" }, STORED],
      [0, { a: "1" }, "hit; ttl=60"],
      [0, { a: "1", b: "" }, "fwd=vary-miss; fwd-status=200; stored"],
      [0, { b: "1" }, "fwd=vary-miss; fwd-status=200; stored"],
      [0, {}, "fwd=vary-miss; fwd-status=200; stored"],
    ],
  },
  {
    clause: "4.1: of several that match the most recent is used",
    gives: [
      { ...MINUTE, vary: "a" },
      { ...MINUTE, vary: "b", "x-n": "2" },
    ],
    asks: [
      [0, { a: "1" }, STORED],
      [1, { a: "2" }, "fwd=vary-miss; fwd-status=200; stored"],
      [1, { a: "1" }, "hit; ttl=59", { "x-n": "2" }],
    ],
  },
  {
    clause: "4.1: Vary: * matches nothing",
    gives: [{ ...MINUTE, vary: "a, *" }],
    asks: [
      [0, {}, PASSED],
      [0, {}, PASSED],
    ],
  },
  {
    clause: "4.2.1: s-maxage, then max-age, then Expires; a lifetime that is over is over at once",
    gives: [{ "cache-control": "max-age=600, s-maxage=2", expires: at(900), etag: '"a"' }],
    asks: [
      [0, {}, STORED],
      [1, {}, "hit; ttl=1"],
      [1, {}, "fwd=stale; fwd-status=200; stored"],
    ],
  },
  {
    clause: "4.2.2: no guess without leave; with it a tenth of the age, and none for a cookie",
    gives: [{ "last-modified": at(-1000) }, { "last-modified": at(-1000), "set-cookie": "a=1" }],
    asks: [
      [0, {}, STORED],
      [99, {}, "hit; ttl=1"],
      [1, {}, "fwd=stale; fwd-status=200; stored"],
      [1, {}, "fwd=stale; fwd-status=200; stored"],
    ],
    options: { heuristic: true, cookies: true },
  },
  {
    clause: "4.2.4: not stale where must-revalidate, proxy-revalidate, s-maxage or no-cache forbids it",
    gives: [{ "cache-control": "max-age=1, proxy-revalidate, stale-if-error=99" }, { status: "503" }],
    asks: [
      [0, {}, STORED],
      [2, { "cache-control": "max-stale" }, "fwd=stale; fwd-status=503"],
    ],
  },
  {
    clause: "4.3.1: the client's own conditions do not go on with ours",
    gives: [
      { "cache-control": "max-age=1", etag: '"a"' },
      { status: "304", "cache-control": "max-age=1" },
    ],
    asks: [
      [0, {}, STORED],
      [2, { "if-none-match": '"z"' }, "fwd=stale; fwd-status=304; stored; ttl=1", { "x-asked": '"a"', etag: '"a"' }],
      [2, { "if-none-match": '"a"' }, "fwd=stale; fwd-status=304; stored; ttl=1"],
    ],
  },
  {
    clause: "4.3.2: If-None-Match goes before If-Modified-Since, and is compared weakly",
    gives: [{ ...MINUTE, etag: 'W/"a"', "last-modified": at(-9) }],
    asks: [
      [0, {}, STORED],
      [
        0,
        { "if-none-match": '"x", "a"', "if-modified-since": at(-99) },
        "hit; ttl=60",
        { ":status": "304", "content-type": null },
      ],
      [0, { "if-none-match": '"x"', "if-modified-since": at(0) }, "hit; ttl=60", { ":status": "200" }],
      [0, { "if-modified-since": at(-9) }, "hit; ttl=60", { ":status": "304" }],
      [0, { "if-modified-since": at(-10) }, "hit; ttl=60", { ":status": "200" }],
    ],
  },
  {
    clause: "4.3.2: without Last-Modified, Date is what If-Modified-Since is compared with",
    gives: [{ ...MINUTE, date: at(0) }],
    asks: [
      [0, {}, STORED],
      [0, { "if-modified-since": at(0) }, "hit; ttl=60", { ":status": "304" }],
      [0, { "if-modified-since": at(-1) }, "hit; ttl=60", { ":status": "200" }],
    ],
  },
  {
    clause: "4.3.3: a whole answer to a validation replaces what is stored, an error of the client's kind too",
    gives: [
      { "cache-control": "max-age=1", etag: '"a"' },
      { status: "404", ...MINUTE },
    ],
    asks: [
      [0, {}, STORED],
      [2, {}, "fwd=stale; fwd-status=404; stored"],
      [0, {}, "hit; ttl=60", { ":status": "404" }],
    ],
  },
  {
    clause: "4.4: a change forgets the URI, an error of one does not",
    gives: [MINUTE, { status: "500" }, { status: "302" }, MINUTE],
    asks: [
      [0, {}, STORED],
      [0, { method: "PATCH" }, "fwd=method"],
      [0, {}, "hit; ttl=60"],
      [0, { method: "DELETE" }, "fwd=method"],
      [0, {}, STORED],
    ],
  },
  {
    clause: "5.2.1: max-age, min-fresh and max-stale of a request",
    gives: [{ "cache-control": "max-age=10", etag: '"a"' }],
    asks: [
      [0, {}, STORED],
      [5, { "cache-control": "max-age=5" }, "hit; ttl=5"],
      [0, { "cache-control": "max-age=4" }, "fwd=request; fwd-status=200; stored"],
      [5, { "cache-control": "min-fresh=5" }, "hit; ttl=5"],
      [0, { "cache-control": "min-fresh=6" }, "fwd=request; fwd-status=200; stored"],
      [12, { "cache-control": "max-stale=2" }, "hit; ttl=-2"],
      [0, { "cache-control": "max-stale=1" }, "fwd=stale; fwd-status=200; stored"],
    ],
  },
  {
    clause: "5.2.1.5: a request with no-store may be answered, but its answer is not stored",
    gives: [MINUTE],
    asks: [
      [0, { "cache-control": "no-store" }, PASSED],
      [0, {}, STORED],
      [0, { "cache-control": "no-store" }, "hit; ttl=60"],
    ],
  },
  {
    clause: "5.2.2.3: must-understand takes the place of no-store",
    gives: [{ "cache-control": "no-store, must-understand, max-age=60" }],
    asks: [
      [0, {}, STORED],
      [0, {}, "hit; ttl=60"],
    ],
  },
  {
    clause: "5.2.2.4 and 5.2.2.7: no-cache and private with names of fields count as without",
    gives: [
      { "cache-control": 'max-age=60, no-cache="x-a"', etag: '"a"' },
      { "cache-control": 'max-age=60, private="x-a"' },
    ],
    asks: [
      [0, {}, STORED],
      [0, {}, "fwd=stale; fwd-status=200"],
      [0, {}, PASSED],
    ],
  },
  {
    clause: "5.3: an Expires that is no date is in the past",
    gives: [{ expires: "0", etag: '"a"' }],
    asks: [
      [0, {}, STORED],
      [0, {}, "fwd=stale; fwd-status=200; stored"],
    ],
  },
  {
    clause: "5.4: Pragma counts where there is no Cache-Control",
    gives: [MINUTE],
    asks: [
      [0, {}, STORED],
      [0, { pragma: "no-cache", "cache-control": "max-stale" }, "hit; ttl=60"],
      [0, { pragma: "no-cache" }, "fwd=request; fwd-status=200; stored"],
    ],
  },
  {
    clause: "7.3: cookies are not shared unless the app says so, then with what they are of",
    gives: [{ ...MINUTE, "set-cookie": "a=1" }],
    asks: [
      [0, {}, STORED],
      [0, {}, "hit; ttl=60", { "set-cookie": "a=1" }],
    ],
    options: { cookies: true },
  },
  {
    clause: "RFC 9110 6.6.1: what came without Date is stored with one",
    gives: [MINUTE],
    asks: [
      [0, {}, STORED],
      [5, {}, "hit; ttl=55", { date: at(0) }],
    ],
  },
  {
    clause: "RFC 9110 14.2: a range of what is stored, where If-Range holds by a strong tag",
    gives: [{ ...MINUTE, etag: '"a"' }],
    asks: [
      [0, {}, STORED],
      [
        0,
        { range: "bytes=0-" },
        "hit; ttl=60",
        { ":status": "206", "content-range": "bytes 0-0/1", "content-length": "1" },
      ],
      [0, { range: "bytes=0-", "if-range": '"b"' }, "hit; ttl=60", { ":status": "200", "content-range": null }],
      [
        0,
        { range: "bytes=1-" },
        "hit; ttl=60",
        { ":status": "416", "cache-control": "no-store", etag: null, "content-range": "bytes */1" },
      ],
    ],
  },
  {
    clause: "RFC 9110 13.1.5: If-Range holds by a date only where no change came in its second (section 8.8.2.2)",
    gives: [{ ...MINUTE, "last-modified": at(0), date: at(0) }],
    asks: [
      [0, {}, STORED],
      [0, { range: "bytes=0-", "if-range": at(0) }, "hit; ttl=60", { ":status": "200" }],
    ],
  },
  {
    clause: "RFC 9110 13.1.5: If-Range holds by a date otherwise",
    gives: [{ ...MINUTE, "last-modified": at(-1), date: at(0) }],
    asks: [
      [0, {}, STORED],
      [0, { range: "bytes=0-", "if-range": at(-1) }, "hit; ttl=60", { ":status": "206" }],
      [0, { range: "bytes=0-", "if-range": at(-2) }, "hit; ttl=60", { ":status": "200" }],
    ],
  },
  {
    clause: "4.3.4: a 304 with a strong tag freshens nothing that has none",
    gives: [
      { "cache-control": "max-age=1", "last-modified": at(-9) },
      { status: "304", ...MINUTE, etag: '"a"' },
      { ...MINUTE, etag: '"a"' },
    ],
    asks: [
      [0, {}, STORED],
      [2, {}, "fwd=stale; fwd-status=200; stored"],
      [0, {}, "hit; ttl=60", { etag: '"a"', "last-modified": null }],
    ],
  },
];

for (const { clause, gives, asks, options } of rows) {
  test(clause, async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: NOW });
    let count = 0;
    const app = appOf(
      (request) => {
        const { status = "200", ...headers } = gives[Math.min(count++, gives.length - 1)] ?? {};
        const asked = request.headers.get("if-none-match");
        if (asked !== null) headers["x-asked"] = asked;
        return new Response(status === "304" ? null : "x", { status: Number(status), headers });
      },
      [cache(options)],
    );
    for (const [index, [after, { method = "GET", ...headers }, did, fields = {}]] of asks.entries()) {
      t.mock.timers.tick(after * 1000);
      const response = await app.fetch(new Request(`${ORIGIN}/`, { method, headers }));
      await response.text();
      await turn();
      const said = response.headers.get("cache-status")?.replace("godwit; ", "");
      assert.equal(said, did, `request ${index}`);
      for (const [name, value] of Object.entries(fields)) {
        const got = name === ":status" ? String(response.status) : response.headers.get(name);
        assert.equal(got, value, `${name} of request ${index}`);
      }
    }
  });
}
