import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDate } from "./dates.ts";
import { controlOf, parseDirectives, parseTargeted } from "./directives.ts";
import { ageOf, initialAge, lifetimeOf, mayServeOnError, type Terms, useOf, wishesOf } from "./freshness.ts";
import { invalidatedBy, isUnsafe } from "./invalidate.ts";
import { keyOf } from "./key.ts";
import { rangeOf } from "./range.ts";
import { toCacheStatus } from "./status.ts";
import { keepFor, type StoreRules, termsOf } from "./storable.ts";
import { varyNames, varyValues } from "./vary.ts";

const NOW = Date.UTC(2026, 9, 21, 7, 28, 0);
const TARGETS = ["cdn-cache-control"];
const lifetime = (fields: Record<string, string>) => {
  const headers = new Headers(fields);
  return lifetimeOf(headers, controlOf(headers, TARGETS), NOW);
};
const terms = (fields: Record<string, string>, status = 200, asked = {}, rules: Partial<StoreRules> = {}) =>
  termsOf(
    { status, headers: new Headers(fields) },
    new Headers(asked),
    { requested: NOW, received: NOW },
    { targets: TARGETS, ...rules },
  );

test("directives are read in any case, quoted or not, and quoted commas part nothing", () => {
  const read = parseDirectives('MaX-AgE=5, ext="a, max-age=9", no-cache="x", public,, must-revalidate');
  assert.deepEqual(Object.fromEntries(read), {
    "max-age": "5",
    ext: "a, max-age=9",
    "no-cache": "x",
    public: true,
    "must-revalidate": true,
  });
  assert.equal(parseDirectives(null).size, 0);
});

test("a lifetime is s-maxage, then max-age, then Expires; what cannot be understood is stale", () => {
  const cases: [Record<string, string>, number | undefined][] = [
    [{}, undefined],
    [{ "cache-control": "max-age=60, s-maxage=5" }, 5],
    [{ "cache-control": 'max-age="60"' }, 60],
    [{ "cache-control": "max-age=0060" }, 60],
    [{ "cache-control": "max-age=99999999999" }, 2_147_483_648],
    [{ "cache-control": "max-age=60, max-age=60" }, 60],
    [{ "cache-control": "max-age=60, max-age=1" }, 0],
    [{ "cache-control": "max-age" }, 0],
    [{ "cache-control": "max-age=-1" }, 0],
    [{ "cache-control": "max-age=1.5" }, 0],
    [{ "cache-control": "max-age='60'" }, 0],
    [{ "cache-control": "max-age = 60" }, 0],
    [{ expires: "Wed, 21 Oct 2026 07:29:00 GMT" }, 60],
    [{ expires: "Wed, 21 Oct 2026 07:29:00 GMT", date: "Wed, 21 Oct 2026 07:28:30 GMT" }, 30],
    [{ expires: "0" }, 0],
    [{ expires: "Wed, 21 Oct 2026 07:29:00 GMT", "cache-control": "max-age=1" }, 1],
    // RFC 9213: a targeted field stands alone, unless it is malformed or empty.
    [{ "cdn-cache-control": "max-age=7", "cache-control": "max-age=1, s-maxage=2" }, 7],
    [{ "cdn-cache-control": "public", expires: "Wed, 21 Oct 2026 07:29:00 GMT" }, undefined],
    [{ "cdn-cache-control": "max-age=7,", "cache-control": "max-age=1" }, 1],
    [{ "cdn-cache-control": "", "cache-control": "max-age=1" }, 1],
    [{ "cdn-cache-control": "MAX-AGE=7", "cache-control": "max-age=1" }, 1],
  ];
  for (const [fields, expected] of cases) assert.equal(lifetime(fields), expected, JSON.stringify(fields));
});

test("a targeted field is a dictionary: parameters, lists and extensions are passed over, seconds are integers", () => {
  const read = parseTargeted('a;x=1, b=(1 "c,d"), max-age=5;y, no-store=?0, s-maxage=1.0, e="f,g"');
  assert.deepEqual(Object.fromEntries(read ?? []), { a: true, b: '(1 "c,d")', "max-age": "5", e: "f,g" });
});

test("dates have three forms, and no other zone than GMT", () => {
  for (const text of ["Wed, 21 Oct 2026 07:28:00 GMT", "wednesday, 21-oct-26 07:28:00 gmt", "Wed Oct 21 07:28:00 2026"])
    assert.equal(parseDate(text, NOW), NOW, text);
  assert.equal(parseDate("Sunday, 06-Nov-94 08:49:37 GMT", NOW), 784_111_777_000);
  for (const text of [
    null,
    "",
    "0",
    "2026-10-21",
    "Wed, 21 Oct 2026 07:28:00 UTC",
    "Wed, 21 Oct 2026 07:28:00 +0000",
    "Wed, 31 Feb 2026 07:28:00 GMT",
    "Wed, 21 Oct 2026 7:28:00 GMT",
    "Wed, 21 Oct 2026 24:00:00 GMT",
  ])
    assert.equal(parseDate(text), undefined, String(text));
});

test("an age counts Age, Date, the way and the stay", () => {
  const times = { requested: NOW - 2000, received: NOW };
  assert.equal(initialAge(new Headers({ age: "10" }), times), 12);
  assert.equal(initialAge(new Headers({ age: "10, 20" }), times), 12);
  assert.equal(initialAge(new Headers({ age: "-10" }), times), 2);
  assert.equal(initialAge(new Headers({ age: "1", date: "Wed, 21 Oct 2026 07:27:00 GMT" }), times), 60);
  assert.equal(initialAge(new Headers({ date: "Wed, 21 Oct 2026 07:29:00 GMT" }), times), 2);
  const held: Terms = { received: NOW, age: 12, lifetime: 60, swr: 0, sie: 0, noCache: false, strict: false };
  assert.equal(ageOf(held, NOW + 5000), 17);
  assert.equal(ageOf(held, NOW - 5000), 12);
});

test("what may be stored", () => {
  const stored: [Record<string, string>, number?, Record<string, string>?, Partial<StoreRules>?][] = [
    [{ "cache-control": "max-age=1" }],
    [{ "cache-control": "max-age=1" }, 500],
    [{ "cache-control": "no-store, must-understand, max-age=1" }],
    [{ "cache-control": "no-cache", etag: '"a"' }],
    [{ "last-modified": "Wed, 21 Oct 2026 07:28:00 GMT" }],
    [{ "cache-control": "max-age=0, stale-while-revalidate=9" }],
    [{ "cache-control": "max-age=1, public" }, 200, { authorization: "a" }],
    [{ "cache-control": "s-maxage=1" }, 200, { authorization: "a" }],
    [{ "cache-control": "max-age=1, must-revalidate" }, 200, { authorization: "a" }],
    [{ "cache-control": "no-store", "cdn-cache-control": "max-age=1" }],
    [{ "cache-control": "max-age=1", "set-cookie": "a=1" }, 200, {}, { cookies: true }],
    [{}, 200, {}, { ttl: 1 }],
    [{}, 404, {}, { negative: { 404: 1 } }],
    [{ "last-modified": "Wed, 21 Oct 2020 07:28:00 GMT", "cache-control": "public" }, 599, {}, { heuristic: true }],
  ];
  for (const given of stored) assert.equal(typeof terms(...given), "object", JSON.stringify(given));
  const refused: [string, Record<string, string>, number?, Record<string, string>?, Partial<StoreRules>?][] = [
    ["no-lifetime", {}],
    ["no-lifetime", { "cache-control": "max-age=0" }],
    ["no-lifetime", { "cache-control": "no-cache, max-age=9" }],
    ["no-lifetime", { etag: '"a"' }, 500],
    ["no-lifetime", {}, 404, {}, { ttl: 1 }],
    ["no-lifetime", { "content-type": "text/event-stream" }, 200, {}, { ttl: 1 }],
    ["no-store", { "cache-control": "max-age=1, no-store" }],
    ["no-store", { "cache-control": "no-store" }, 200, {}, { ttl: 1 }],
    ["must-understand", { "cache-control": "no-store, must-understand, max-age=1" }, 599],
    ["private", { "cache-control": 'max-age=1, private="x"' }],
    ["vary", { "cache-control": "max-age=1", vary: "accept, *" }],
    ["set-cookie", { "cache-control": "max-age=1", "set-cookie": "a=1" }],
    ["authorization", { "cache-control": "max-age=1" }, 200, { authorization: "a" }],
    ["authorization", {}, 200, { authorization: "a" }, { ttl: 1 }],
    ["status", { "cache-control": "max-age=1" }, 206],
    ["status", { "cache-control": "max-age=1" }, 304],
  ];
  for (const [reason, ...given] of refused) assert.equal(terms(...given), reason, JSON.stringify(given));
});

test("a stored response is kept while it can be served or validated", () => {
  const base: Terms = { received: NOW, age: 10, lifetime: 60, swr: 0, sie: 0, noCache: false, strict: false };
  assert.equal(keepFor(base, new Headers()), 110);
  assert.equal(keepFor({ ...base, swr: 300 }, new Headers()), 350);
  assert.equal(keepFor(base, new Headers({ etag: '"a"' })), 86_450);
});

test("a request says what it takes, a response what it allows", () => {
  const base: Terms = { received: NOW, age: 0, lifetime: 60, swr: 0, sie: 0, noCache: false, strict: false };
  const use = (given: Partial<Terms>, wish: string, after: number, pragma?: string) => {
    const headers = new Headers({ ...(wish && { "cache-control": wish }), ...(pragma && { pragma }) });
    return useOf(
      { ...base, ...given },
      wishesOf(headers, parseDirectives(headers.get("cache-control"))),
      NOW + after * 1000,
    );
  };
  assert.equal(use({}, "", 59), "fresh");
  assert.equal(use({}, "", 60), "validate");
  assert.equal(use({ noCache: true }, "", 1), "validate");
  assert.equal(use({}, "no-cache", 1), "validate");
  assert.equal(use({}, "", 1, "no-cache"), "validate");
  assert.equal(use({}, "max-age=100", 1, "no-cache"), "fresh");
  assert.equal(use({}, "max-age=10", 11), "validate");
  assert.equal(use({}, "min-fresh=10", 51), "validate");
  assert.equal(use({}, "min-fresh=10", 49), "fresh");
  assert.equal(use({}, "max-stale=10", 69), "stale");
  assert.equal(use({}, "max-stale=10", 71), "validate");
  assert.equal(use({}, "max-stale", 700), "stale");
  assert.equal(use({ strict: true }, "max-stale", 61), "validate");
  assert.equal(use({ swr: 10 }, "", 69), "swr");
  assert.equal(use({ swr: 10 }, "", 71), "validate");
  assert.equal(use({ swr: 10, strict: true }, "", 69), "validate");
  const onError = (given: Partial<Terms>, staleIfError?: number) =>
    mayServeOnError(
      { ...base, ...given },
      { noCache: false, noStore: false, onlyIfCached: false, ...(staleIfError && { staleIfError }) },
      NOW + 65_000,
    );
  assert.deepEqual(
    [onError({}), onError({ sie: 10 }), onError({}, 10), onError({ sie: 10, strict: true })],
    [false, true, true, false],
  );
});

test("requests are told apart by the fields of Vary, whatever the spaces in a list", () => {
  assert.deepEqual(varyNames(new Headers({ vary: "Accept,  X-A,accept" })), ["accept", "x-a"]);
  const value = (accept: string | undefined) =>
    varyValues(new Headers(accept === undefined ? {} : { accept }), ["accept"]);
  assert.equal(value("a, b"), value("a ,b"));
  assert.notEqual(value("a"), value(undefined));
  assert.notEqual(value("a,b"), value("b,a"));
  assert.equal(
    varyValues(new Headers({ accept: "x" }), ["accept"], () => "same"),
    '[["accept","same"]]',
  );
});

test("unsafe methods invalidate their target and what they name of the same origin", () => {
  const by = (status: number, fields = {}) =>
    invalidatedBy("http://a.test/x", "http://a.test/x", { status, headers: new Headers(fields) });
  assert.deepEqual(by(200), ["http://a.test/x"]);
  assert.deepEqual(by(201, { location: "/y#z", "content-location": "http://a.test/w" }), [
    "http://a.test/x",
    "http://a.test/y",
    "http://a.test/w",
  ]);
  assert.deepEqual(by(201, { location: "http://b.test/y", "content-location": "http://[" }), ["http://a.test/x"]);
  assert.deepEqual(by(404), []);
  assert.deepEqual(["POST", "M-SEARCH", "GET", "QUERY"].map(isUnsafe), [true, true, false, false]);
});

test("a key fits every store", async () => {
  assert.equal(await keyOf("a", "http://a.test/x?y"), "cache:a:http://a.test/x?y");
  const long = `http://a.test/${"x".repeat(9000)}`;
  assert.match(await keyOf("a", long), /^cache:a:http:\/\/a\.test\/x{178}#[\w-]{27}$/);
  assert.notEqual(await keyOf("a", `${long}1`), await keyOf("a", `${long}2`));
  assert.match(await keyOf("a", "ü b"), /^cache:a:__b#[\w-]{27}$/);
  // A text that looks like the key of a long one has a key of its own.
  const taken = await keyOf("a", long);
  assert.notEqual(await keyOf("a", taken.slice("cache:a:".length)), taken);
});

test("one range is a part of the whole, anything else is the whole", () => {
  const range = (field: string, condition?: string, size = 10) =>
    rangeOf(
      new Headers({ range: field, ...(condition && { "if-range": condition }) }),
      new Headers({ etag: '"a"' }),
      size,
    );
  assert.deepEqual(range("bytes=2-3"), [2, 3]);
  assert.deepEqual(range("bytes=2-"), [2, 9]);
  assert.deepEqual(range("bytes=-3"), [7, 9]);
  assert.deepEqual(range("bytes=-30"), [0, 9]);
  assert.deepEqual(range("bytes=5-99", '"a"'), [5, 9]);
  for (const whole of ["bytes=1-2,4-5", "lines=1-2", "bytes=5-2", "bytes=-"])
    assert.equal(range(whole), undefined, whole);
  assert.equal(range("bytes=1-2", '"b"'), undefined);
  assert.equal(range("bytes=1-2", 'W/"a"'), undefined);
  assert.equal(range("bytes=10-"), "unsatisfiable");
  assert.equal(range("bytes=-0"), "unsatisfiable");
});

test("Cache-Status is a list of tokens with parameters", () => {
  assert.equal(toCacheStatus("a", { hit: true, ttl: 9.7 }), "a; hit; ttl=9");
  assert.equal(
    toCacheStatus("a", { fwd: "stale", fwdStatus: 304, stored: true, detail: "x" }),
    "a; fwd=stale; fwd-status=304; stored; detail=x",
  );
});
