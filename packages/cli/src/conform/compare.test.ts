import assert from "node:assert/strict";
import { test } from "node:test";
import { compareAnswers } from "./compare.ts";
import type { RawAnswer } from "./raw.ts";
import { parseRequests } from "./requests.ts";

function differences(here: Record<string, string>, there: Record<string, string>): string[] {
  const [row] = parseRequests([{ path: "/" }], "a test");
  assert.ok(row);
  const answer = (fields: Record<string, string>): RawAnswer => ({
    status: 200,
    headers: Object.entries(fields),
    body: Buffer.from("same"),
    complete: true,
    pieces: 1,
  });
  return compareAnswers(row, answer(here), answer(there));
}

test("answers a second apart are alike in what counts seconds, and in nothing else", () => {
  const at = (seconds: number) => ({
    age: `${seconds}`,
    "cache-status": `godwit; hit; ttl=${60 - seconds}`,
    ratelimit: `"day";r=5;t=${90 - seconds}, "hour";r=1;t=${seconds}`,
    "retry-after": `${seconds}`,
  });
  assert.deepEqual(differences(at(1), at(2)), []);
  assert.equal(
    differences({ "cache-status": "godwit; hit; ttl=1" }, { "cache-status": "godwit; fwd=stale; ttl=1" }).length,
    1,
  );
  assert.equal(differences({ ratelimit: '"day";r=5;t=1' }, { ratelimit: '"day";r=4;t=1' }).length, 1);
  assert.equal(differences({ "x-count": "1" }, { "x-count": "2" }).length, 1);
  assert.equal(differences({ age: "1" }, {}).length, 1);
});
