import assert from "node:assert/strict";
import { test } from "node:test";
import { inBlock, parseAddress, parseBlock } from "./ip.ts";

const isIn = (address: string, block: string) => {
  const [bytes, parsed] = [parseAddress(address), parseBlock(block)];
  assert.ok(bytes && parsed, `${address} ${block}`);
  return inBlock(bytes, parsed);
};

test("addresses are read in every spelling of theirs", () => {
  assert.deepEqual(parseAddress("192.0.2.1"), [192, 0, 2, 1]);
  assert.deepEqual(parseAddress("::ffff:192.0.2.1"), [192, 0, 2, 1]);
  assert.deepEqual(parseAddress("::FFFF:c000:201"), [192, 0, 2, 1]);
  assert.deepEqual(parseAddress("::1"), [...Array(15).fill(0), 1]);
  assert.deepEqual(parseAddress("fe80::1%eth0"), [0xfe, 0x80, ...Array(13).fill(0), 1]);
  assert.deepEqual(parseAddress("1:2:3:4:5:6:7:8"), [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]);
  assert.deepEqual(parseAddress("::"), Array(16).fill(0));
  assert.deepEqual(parseAddress("1::"), [0, 1, ...Array(14).fill(0)]);
  assert.deepEqual(parseAddress("64:ff9b::192.0.2.1"), [0, 0x64, 0xff, 0x9b, ...Array(8).fill(0), 192, 0, 2, 1]);
});

test("what is no address is none", () => {
  const wrong = [
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "0x1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4:80",
    "[::1]",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "1.2.3.4::",
    "::1.2.3",
    "unknown",
    "-1.2.3.4",
  ];
  for (const text of wrong) assert.equal(parseAddress(text), undefined, text);
});

test("a block holds the addresses that share its first bits", () => {
  assert.ok(isIn("10.255.0.1", "10.0.0.0/8"));
  assert.ok(!isIn("11.0.0.1", "10.0.0.0/8"));
  assert.ok(isIn("192.168.1.129", "192.168.1.128/25"));
  assert.ok(!isIn("192.168.1.127", "192.168.1.128/25"));
  assert.ok(isIn("1.2.3.4", "0.0.0.0/0"));
  assert.ok(isIn("1.2.3.4", "1.2.3.4"));
  assert.ok(!isIn("1.2.3.5", "1.2.3.4/32"));
  assert.ok(isIn("2001:db8:ffff::1", "2001:db8::/32"));
  assert.ok(!isIn("2001:db9::1", "2001:db8::/32"));
  assert.ok(isIn("2001:db8::7fff", "2001:db8::/113"));
  assert.ok(!isIn("2001:db8::8000", "2001:db8::/113"));
});

test("IPv4-mapped addresses and blocks are IPv4, and no family is in the other's blocks", () => {
  assert.ok(isIn("::ffff:10.1.2.3", "10.0.0.0/8"));
  assert.ok(isIn("10.1.2.3", "::ffff:10.0.0.0/104"));
  assert.ok(!isIn("10.1.2.3", "::/0"));
  assert.ok(!isIn("::1", "0.0.0.0/0"));
});

test("what is no block is none", () => {
  for (const text of [
    "",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10/8",
    "10.0.0.0/a",
    "host/8",
  ]) {
    assert.equal(parseBlock(text), undefined, text);
  }
});
