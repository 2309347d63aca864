import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, get } from "../app.fixture.ts";
import { HttpError } from "../errors.ts";
import { secureHeaders } from "./secure-headers.ts";

test("careful defaults stand on every answer, errors included", async () => {
  const app = appOf(() => {
    throw new HttpError(404);
  }, [secureHeaders()]);
  const { headers } = await get(app, "/");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(headers.get("x-frame-options"), "SAMEORIGIN");
  assert.equal(headers.get("referrer-policy"), "no-referrer");
  assert.equal(headers.get("strict-transport-security"), "max-age=31536000; includeSubDomains");
  assert.equal([...headers.keys()].length, 11);
});

test("a default may be changed, left out or joined by others, and the handler's own word stays", async () => {
  const app = appOf(
    () => new Response("", { headers: { "referrer-policy": "origin" } }),
    [
      secureHeaders({
        headers: {
          "x-frame-options": "DENY",
          "x-xss-protection": false,
          "content-security-policy": "default-src 'self'",
        },
      }),
    ],
  );
  const { headers } = await get(app, "/");
  assert.deepEqual(
    ["referrer-policy", "x-frame-options", "x-xss-protection", "content-security-policy"].map((name) =>
      headers.get(name),
    ),
    ["origin", "DENY", null, "default-src 'self'"],
  );
});
