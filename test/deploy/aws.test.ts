import assert from "node:assert/strict";
import { test } from "node:test";
import { rollback } from "@godwit/deploy";
import { buildApp, createClock } from "./apps.fixture.ts";
import { openStage, ship, startPlane, text } from "./aws.fixture.ts";

const appOf = (word: string) => ({
  "env.ts": `import { defineEnv } from "@godwit/core";\nexport default defineEnv({ vars: { WORD: undefined }, secrets: ["KEY"] });`,
  "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(word)});`,
  "routes/users/[id].ts": `export const GET = (_request, { params }) => new Response(params.id + " " + process.env.WORD + " " + process.env.KEY);`,
});

const secrets = { KEY: "a-secret-of-nobody" };

test("ships two functions behind an HTTP API, does nothing the second time, and goes back", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock });
  const artefact = await buildApp(t, "lambda", appOf("one"));
  const first = await ship({ plane, clock, artefact, vars: { WORD: "hi" }, secrets });
  assert.equal(first.outcome, "deployed");
  const [url] = first.urls;
  assert.equal(await text(url), "one");
  assert.equal(await text(url, "/users/7"), "7 hi a-secret-of-nobody");

  const before = plane.calls.length;
  const again = await ship({ plane, clock, artefact, vars: { WORD: "hi" }, secrets });
  assert.equal(again.outcome, "unchanged");
  assert.deepEqual(
    plane.calls.slice(before).filter((name) => !/:(Get|List|Describe)/.test(name)),
    [],
  );

  const next = await buildApp(t, "lambda", appOf("two"));
  const second = await ship({ plane, clock, artefact: next, vars: { WORD: "hi" }, secrets });
  assert.equal(second.outcome, "deployed");
  assert.equal(await text(url), "two");

  const { deployer, input } = await openStage({ plane, clock });
  const { from, to } = await rollback({ deployer, input });
  assert.equal(from?.id, second.release?.id);
  assert.equal(to.id, first.release?.id);
  assert.equal(await text(url), "one");
});
