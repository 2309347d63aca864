import assert from "node:assert/strict";
import { test } from "node:test";
import { createRedact, redactError, redactJson } from "./redact.ts";

const value = 'pä"ss/wo+rd\n4711';

test("a value is masked in every shape that it travels in, wherever it stands", () => {
  const redact = createRedact([value]);
  const bytes = Buffer.from(value);
  const shapes = [
    value,
    bytes.toString("hex"),
    encodeURIComponent(value),
    new URLSearchParams({ a: value }).toString().slice(2),
    JSON.stringify(value).slice(1, -1),
  ];
  for (const shape of shapes) assert.equal(redact(`<${shape}>`), "<[secret]>", shape);
  for (const before of ["", "a", "ab", "abc"]) {
    for (const after of ["", "z", "zz"]) {
      for (const encoding of ["base64", "base64url"] as const) {
        const text = Buffer.from(before + value + after).toString(encoding);
        const left = redact(text);
        assert.match(left, /\[secret\]/, text);
        assert.ok(left.replace("[secret]", "").length <= before.length * 2 + after.length * 2 + 6, left);
      }
    }
  }
});

test("values that are part of others, and empty and short ones, do no harm", () => {
  const redact = createRedact(["secret-long-one", "secret", "", "abc", undefined, "   "]);
  assert.equal(redact("secret-long-one secret abc"), "[secret] [secret] abc");
});

test("errors keep their class and causes, JSON its shape, whatever the value is", () => {
  const redact = createRedact([value, "true", "name"]);
  const error = new RangeError(`no ${value}`, { cause: new Error(value, { cause: value }) });
  assert.equal(redactError(error, redact), error);
  assert.equal(error.message, "no [secret]");
  assert.doesNotMatch(`${error.stack}${(error.cause as Error).stack}${(error.cause as Error).cause}`, /4711/);
  assert.deepEqual(redactJson({ name: true, list: [value, 1, null] }, redact), {
    name: true,
    list: ["[secret]", 1, null],
  });
});

test("a value of many lines is masked where it is read a line at a time", () => {
  const redact = createRedact(["-----BEGIN KEY-----\r\nMIIEvQIBADANBg\n  kqhkiG9w0BAQEF\nab\n"]);
  assert.equal(redact("key: MIIEvQIBADANBg"), "key: [secret]");
  assert.equal(redact("kqhkiG9w0BAQEF ab"), "[secret] ab");
});
