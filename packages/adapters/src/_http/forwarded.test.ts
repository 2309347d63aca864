import assert from "node:assert/strict";
import { test } from "node:test";
import { createClientReader } from "./forwarded.ts";

const forwarded = (list: string) => ({ "x-forwarded-for": list });

test("without trust every header is ignored", () => {
  for (const trust of [false, 0] as const) {
    const read = createClientReader(trust);
    const headers = { ...forwarded("6.6.6.6"), "x-forwarded-proto": "https", "x-forwarded-host": "evil.test" };
    assert.deepEqual(read("10.0.0.1", headers), { ip: "10.0.0.1" });
  }
});

test("a number of hops is counted from the right, so that a client cannot add to its left", () => {
  const headers = forwarded("6.6.6.6, 1.2.3.4, 10.0.0.2");
  assert.equal(createClientReader(1)("10.0.0.1", headers).ip, "10.0.0.2");
  assert.equal(createClientReader(2)("10.0.0.1", headers).ip, "1.2.3.4");
  assert.equal(createClientReader(9)("10.0.0.1", forwarded("1.2.3.4")).ip, "1.2.3.4");
  assert.equal(createClientReader(1)("10.0.0.1", {}).ip, "10.0.0.1");
});

test("networks are walked until an address is not in them", () => {
  const read = createClientReader(["10.0.0.0/8", "fd00::/8", "192.0.2.1"]);
  assert.equal(read("10.0.0.1", forwarded("6.6.6.6, 1.2.3.4, 192.0.2.1, fd00::2")).ip, "1.2.3.4");
  assert.equal(read("9.9.9.9", forwarded("1.2.3.4")).ip, "9.9.9.9");
  assert.equal(read("::ffff:10.0.0.1", forwarded("::ffff:1.2.3.4")).ip, "1.2.3.4");
});

test("what is not an address ends the walk", () => {
  const read = createClientReader(3);
  assert.equal(read("10.0.0.1", forwarded("1.2.3.4, unknown")).ip, "10.0.0.1");
  assert.equal(read("10.0.0.1", forwarded("<script>")).ip, "10.0.0.1");
  assert.equal(read("10.0.0.1", forwarded("")).ip, "10.0.0.1");
});

test("scheme and host come from the outermost trusted proxy alone", () => {
  const headers = { "x-forwarded-proto": "http, https, http", "x-forwarded-host": "evil.test, good.test" };
  const one = createClientReader(2)("10.0.0.1", { ...forwarded("1.2.3.4, 10.0.0.2"), ...headers });
  assert.deepEqual([one.scheme, one.host], ["https", "evil.test"]);
  assert.equal(createClientReader(1)("10.0.0.1", headers).host, "good.test");
  assert.equal(createClientReader(1)("10.0.0.1", { "x-forwarded-proto": "ftp" }).scheme, undefined);
});

test("a long run of blanks in a list costs no more than its length", () => {
  // A regular expression for blanks around commas needs the square: minutes for this list.
  const list = `1.2.3.4${" ".repeat(200_000)}x, 5.6.7.8`;
  assert.equal(createClientReader(1)("10.0.0.1", forwarded(list)).ip, "5.6.7.8");
});

test("an address with a zone is judged like any other", () => {
  const read = createClientReader(["10.0.0.0/8", "fe80::/10"]);
  assert.equal(read("fe80::1%eth0", forwarded("1.2.3.4")).ip, "1.2.3.4");
  assert.equal(read("10.0.0.1", forwarded("1.2.3.4, fe80::2%lo")).ip, "1.2.3.4");
});
