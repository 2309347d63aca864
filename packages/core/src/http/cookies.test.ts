import assert from "node:assert/strict";
import { test } from "node:test";
import { type CookieOptions, deleteCookie, parseCookies, serializeCookie, setCookie } from "./cookies.ts";

const pairs = (header: string | null) => [...parseCookies(header)];

test("cookies are read as they are, decoded by nobody", () => {
  assert.deepEqual(pairs("a=1; b=%20x; c=a=b; d="), [
    ["a", "1"],
    ["b", "%20x"],
    ["c", "a=b"],
    ["d", ""],
  ]);
  assert.deepEqual(pairs('q="1"; e=%zz'), [
    ["q", '"1"'],
    ["e", "%zz"],
  ]);
  assert.deepEqual(pairs(null), []);
  assert.equal(parseCookies(new Request("http://a/", { headers: { cookie: "a=1" } })).get("a"), "1");
});

test("of two cookies with one name the first is taken", () => {
  assert.deepEqual(pairs("a=long-path; a=short-path"), [["a", "long-path"]]);
});

test("what is no pair is passed over", () => {
  assert.deepEqual(pairs(";; a ; =b; x y=1; \tc\t=\t1 ; __proto__=p"), [
    ["c", "1"],
    ["__proto__", "p"],
  ]);
});

test("a huge header is read up to its bounds, and no cut pair is taken for a whole one", () => {
  const many = Array.from({ length: 500 }, (_, n) => `c${n}=1`).join("; ");
  assert.equal(parseCookies(many).size, 200);
  const long = `a=1; b=${"x".repeat(20_000)}`;
  assert.deepEqual(pairs(long), [["a", "1"]]);
});

test("a cookie is careful unless it is told otherwise", () => {
  assert.equal(serializeCookie("a", "1"), "a=1; Path=/; Secure; HttpOnly; SameSite=Lax");
  const open: CookieOptions = { secure: false, httpOnly: false, sameSite: "Strict", path: "/x" };
  assert.equal(serializeCookie("a", "", open), "a=; Path=/x; SameSite=Strict");
});

test("all attributes are written", () => {
  const expires = new Date(Date.UTC(2026, 9, 21, 7, 28));
  assert.equal(
    serializeCookie("a", "1", { maxAge: 60, expires, domain: "a.example", sameSite: "None", partitioned: true }),
    "a=1; Max-Age=60; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Domain=a.example; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
  );
});

test("what a browser would drop or read differently is refused", () => {
  const wrong: [string, string, CookieOptions?][] = [
    ["", "1"],
    ["a b", "1"],
    ["a=b", "1"],
    ["ä", "1"],
    ["a", "1;b"],
    ["a", "1 2"],
    ["a", 'x"y'],
    ["a", "x,y"],
    ["a", "x\\y"],
    ["a", "x\r\nset-cookie: b=2"],
    ["a", "ü"],
    ["a", "x".repeat(4096)],
    ["a", "1", { path: "x" }],
    ["a", "1", { path: "/;Domain=evil" }],
    ["a", "1", { path: "/\n" }],
    ["a", "1", { domain: "a;b" }],
    ["a", "1", { domain: "" }],
    ["a", "1", { maxAge: 1.5 }],
    ["a", "1", { maxAge: 34_560_001 }],
    ["a", "1", { maxAge: Number.NaN }],
    ["a", "1", { expires: new Date(Number.NaN) }],
    ["a", "1", { sameSite: "None", secure: false }],
    ["a", "1", { partitioned: true, secure: false }],
    ["a", "1", { sameSite: "lax; Domain=x" as "Lax" }],
  ];
  for (const [name, value, options] of wrong) {
    assert.throws(
      () => serializeCookie(name, value, options),
      { code: "COOKIE_INVALID" },
      JSON.stringify([name, options]),
    );
  }
});

test("prefixed names keep their promise, in any case", () => {
  assert.match(serializeCookie("__Host-s", "1"), /^__Host-s=1; Path=\/; Secure/);
  assert.match(serializeCookie("__Secure-s", "1", { domain: "a.example", path: "/x" }), /Secure/);
  const broken: [string, CookieOptions][] = [
    ["__Host-s", { secure: false }],
    ["__Host-s", { domain: "a.example" }],
    ["__Host-s", { path: "/x" }],
    ["__HOST-s", { path: "/x" }],
    ["__Secure-s", { secure: false }],
    ["__secure-s", { secure: false }],
  ];
  for (const [name, options] of broken)
    assert.throws(() => serializeCookie(name, "1", options), { code: "COOKIE_INVALID" });
});

test("each cookie is a Set-Cookie line of its own, and deleting is one in the past", () => {
  const headers = new Headers();
  setCookie(headers, "a", "1");
  deleteCookie(headers, "b", { path: "/x" });
  assert.deepEqual(headers.getSetCookie(), [
    "a=1; Path=/; Secure; HttpOnly; SameSite=Lax",
    "b=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/x; Secure; HttpOnly; SameSite=Lax",
  ]);
});
