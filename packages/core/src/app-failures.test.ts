import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, errorOf, get, linesOf } from "./app.fixture.ts";
import { HttpError } from "./errors.ts";

test("fetch never rejects: an error that no answer can carry, or a logger that throws, is a plain 500", async () => {
  const throwing = (error: unknown) => () => {
    throw error;
  };
  const apps = [
    appOf(throwing(new HttpError(400, { extensions: { big: 10n } }))),
    appOf(throwing(new HttpError(400, { headers: { "x-a": "a\r\nb: c" } }))),
    appOf((_request, context) => {
      context.log = { ...context.log, error: throwing(new Error("no log")) };
      throw new Error("secret");
    }),
  ];
  await linesOf(async () => {
    for (const app of apps) {
      const response = await get(app, "/");
      assert.equal(response.status, 500);
      assert.deepEqual(await response.json(), { type: "about:blank", title: "Internal Server Error", status: 500 });
    }
  });
});

test("what is no answer of the web is a NO_RESPONSE: Response.error(), a client's own answer object", async () => {
  const answers: unknown[] = [
    Response.error(),
    { status: 200 },
    { status: 200, headers: {} },
    { status: 99, headers: new Headers() },
  ];
  for (const answer of answers) {
    const lines = await linesOf(async () => {
      const response = await get(
        appOf(() => answer as Response),
        "/",
      ); // what plain JavaScript may return
      assert.equal(response.status, 500);
    });
    assert.equal(errorOf(lines[0]).code, "NO_RESPONSE");
  }
});
