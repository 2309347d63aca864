import assert from "node:assert/strict";
import { test } from "node:test";
import { GodwitError, HttpError, problem } from "./errors.ts";

test("a GodwitError carries its code, message and cause", () => {
  const cause = new Error("why");
  const error = new GodwitError("SOME_CODE", "What to do.", { cause });
  assert.deepEqual(
    [error.name, error.code, error.message, error.cause],
    ["GodwitError", "SOME_CODE", "What to do.", cause],
  );
  assert.ok(error instanceof Error);
});

test("an HttpError takes statuses from 400 to 599 alone", () => {
  assert.equal(new HttpError(418, { detail: "teapot" }).message, "teapot");
  assert.equal(new HttpError(503).message, "HTTP 503");
  for (const status of [200, 399, 600, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => new HttpError(status), RangeError, String(status));
  }
});

test("a problem document has only what its options name", async () => {
  const response = problem(422, {
    type: "https://example.com/probs/form",
    title: "Form",
    detail: "A field is wrong.",
    code: "FORM",
    headers: { "retry-after": "1", "content-type": "text/html" },
    extensions: { fields: ["name"] },
    cause: new Error("secret"),
  });
  assert.deepEqual(
    [response.status, response.headers.get("content-type"), response.headers.get("retry-after")],
    [422, "application/problem+json", "1"],
  );
  assert.deepEqual(await response.json(), {
    type: "https://example.com/probs/form",
    title: "Form",
    status: 422,
    detail: "A field is wrong.",
    code: "FORM",
    fields: ["name"],
  });
});

test("a status without a phrase of its own has no title", async () => {
  assert.deepEqual(await problem(418).json(), { type: "about:blank", status: 418 });
});
