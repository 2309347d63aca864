/**
 * Every call of a deploy fails in every way: the old release serves throughout, and the next run finishes.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { before, type TestContext, test } from "node:test";
import type { BuiltArtefact, ControlPlane, Fault } from "@godwit/deploy";
import { buildApp, temporary } from "./apps.fixture.ts";
import { appOf, open, ship, startEmpty, textOf } from "./vercel.fixture.ts";

const answer = (status: number, more: Partial<Extract<Fault, { kind: "answer" }>> = {}): Fault => ({
  kind: "answer",
  status,
  body: JSON.stringify({ error: { code: "any", message: "No." } }),
  ...more,
});

/** Once: the call is tried again, or the deploy stops; always: it stops. None: the deploy is aborted there. */
const FAULTS: Record<string, { fault?: Fault; always?: boolean }> = {
  "is reset": { fault: { kind: "reset" } },
  "is reset always": { fault: { kind: "reset" }, always: true },
  "loses its answer": { fault: { kind: "lost" } },
  "loses its answer always": { fault: { kind: "lost" }, always: true },
  "is silent": { fault: { kind: "silence" } },
  "is too much": { fault: answer(429, { headers: { "retry-after": "7" } }) },
  "answers 500": { fault: answer(500) },
  "answers 503 always": { fault: answer(503), always: true },
  "is denied": { fault: answer(403), always: true },
  "is not paid for": { fault: answer(402), always: true },
  "has an expired token": { fault: answer(401), always: true },
  "answers no JSON": { fault: answer(200, { body: "<html>" }) },
  "is the last before an abort": {},
};

let one: BuiltArtefact;
let two: BuiltArtefact;
/** A rehearsal's folder with nothing in it, and one where the first app is live; and the calls that the next deploy makes. */
let nothing: Start;
let live: Start;

interface Start {
  folder: string;
  calls: readonly string[];
}

async function ask(plane: ControlPlane): Promise<string> {
  const [url] = await (await open(plane, undefined)).urls();
  return url ? textOf(url) : "nothing";
}

before(async () => {
  const t = { after: (work: () => unknown) => ends.push(work) } as unknown as TestContext; // for what lasts the whole file
  const secret = {
    "env.ts": 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });',
  };
  one = await buildApp(t, "vercel", { ...appOf("word-one"), ...secret });
  two = await buildApp(t, "vercel", { ...appOf("word-two"), ...secret });
  const watch = async (from: string | undefined, artefact: BuiltArtefact): Promise<Start & { after: string }> => {
    const folder = from ?? (await temporary(t, "before-"));
    const after = await temporary(t, "after-");
    await cp(folder, after, { recursive: true });
    const plane = await startEmpty(t, after);
    assert.equal(await ship(plane, artefact), "deployed");
    const calls = [...plane.calls];
    assert.equal(await ship(plane, artefact), "unchanged");
    await plane.close();
    return { folder, calls, after };
  };
  const first = await watch(undefined, one);
  nothing = first;
  live = await watch(first.after, two);
});
const ends: (() => unknown)[] = [];
test.after(async () => {
  for (const work of ends.reverse()) await work();
});

/** One deploy with a fault at its call `index`, and another one without. */
async function breakOnce(t: TestContext, from: Start, index: number, name: string, word: RegExp): Promise<void> {
  const { fault, always = false } = FAULTS[name] ?? {};
  const folder = await temporary(t, "fault-");
  await cp(from.folder, folder, { recursive: true });
  const controller = new AbortController();
  let at = Number.POSITIVE_INFINITY;
  const plane = await startEmpty(t, folder, (_name, call) => {
    if (call < at || (call > at && !always)) return undefined;
    if (!fault) controller.abort(new Error("aborted"));
    return fault;
  });
  await ask(plane); // its runtime is up before
  at = plane.calls.length + index;
  const outcome = await ship(plane, two, { signal: controller.signal }).catch((error: unknown) => error);
  at = Number.POSITIVE_INFINITY;
  if (outcome instanceof Error) {
    if (fault) assert.match(String(Object(outcome).code ?? outcome.message), /^[A-Z_]+$|Vercel/);
    assert.match(await ask(plane), word);
    // what could not be let go of has ended by then
    assert.match(await ship(plane, two, { later: 3_600_000 }), /^(?:deployed|unchanged)$/);
  }
  assert.equal(await ask(plane), "word-two");
  assert.equal(await ship(plane, two), "unchanged");
}

for (const name of Object.keys(FAULTS)) {
  test(`a call that ${name}: the old release serves, and the next run finishes`, async (t) => {
    assert.ok(live.calls.length > 10);
    for (const [index, call] of live.calls.entries()) {
      await t.test(`${index} ${call}`, (t) => breakOnce(t, live, index, name, /^word-(?:one|two)$/));
    }
  });
}

for (const name of ["loses its answer", "is reset always", "is the last before an abort"]) {
  test(`a call of a first deploy that ${name}: the next run finishes`, async (t) => {
    for (const [index, call] of nothing.calls.entries()) {
      await t.test(`${index} ${call}`, (t) => breakOnce(t, nothing, index, name, /^(?:nothing|word-two)$/));
    }
  });
}
