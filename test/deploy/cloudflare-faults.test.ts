/**
 * Every call of a deploy fails in every way: the old release serves throughout, and the next run finishes.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { before, type TestContext, test } from "node:test";
import type { BuiltArtefact, ControlPlane, Fault, FaultPlan } from "@godwit/deploy";
import { buildApp, createClock, temporary } from "./apps.fixture.ts";
import { inNothing, open, ship as shipAll, textOf, vendor } from "./cloudflare.fixture.ts";

const SECRET = "canary-2f9b81d0c4";
const answer = (status: number, more: Partial<Extract<Fault, { kind: "answer" }>> = {}): Fault => ({
  kind: "answer",
  status,
  body: JSON.stringify({ success: false, errors: [{ code: 10013, message: "No." }], messages: [], result: null }),
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
  "has an expired token": { fault: answer(401), always: true },
  "answers something else": { fault: answer(200, { body: "<html>" }) },
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

async function start(t: TestContext, folder: string, fault?: FaultPlan): Promise<ControlPlane> {
  const plane = await (await vendor()).rehearse?.({ folder, run: inNothing, ...(fault && { fault }) });
  assert.ok(plane);
  t.after(() => plane.close());
  return plane;
}

interface Shipping {
  /** Milliseconds from now. */
  later?: number;
  signal?: AbortSignal;
}

async function ship(plane: ControlPlane, artefact: BuiltArtefact, options: Shipping = {}): Promise<string> {
  const { later = 0, signal = new AbortController().signal } = options;
  const said: string[] = [];
  const input = {
    secrets: { KEY: SECRET },
    env: { ...plane.env, GODWIT_CALL_TIMEOUT: "800" },
    clock: createClock(Date.now() + later),
    signal,
    warn: (line: string) => said.push(line),
  };
  try {
    const done = await shipAll(plane, artefact, input, { onEvent: (event) => said.push(JSON.stringify(event)) });
    said.push(JSON.stringify(done));
    return done.outcome;
  } catch (error) {
    said.push(error instanceof Error ? `${error.stack}${error.cause}` : String(error));
    throw error;
  } finally {
    assert.ok(!said.join().includes(SECRET));
  }
}

async function ask(plane: ControlPlane): Promise<string> {
  const [url] = await (await open(plane, undefined)).urls();
  return url ? textOf(url) : "nothing";
}

before(async () => {
  const t = { after: (work: () => unknown) => ends.push(work) } as unknown as TestContext; // for what lasts the whole file
  const appOf = (text: string) => ({
    "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(text)});`,
    "public/a.txt": text,
    "env.ts": 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });',
  });
  one = await buildApp(t, "cloudflare", appOf("one"));
  two = await buildApp(t, "cloudflare", appOf("two"), { kv: { LINKS: {} }, domains: ["links.example.com"] });
  const watch = async (from: string | undefined, artefact: BuiltArtefact): Promise<Start & { after: string }> => {
    const folder = from ?? (await temporary(t, "before-"));
    const after = await temporary(t, "after-");
    await cp(folder, after, { recursive: true });
    const plane = await start(t, after);
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
  const plane = await start(t, folder, (_name, call) => {
    if (call < at || (call > at && !always)) return undefined;
    if (!fault) controller.abort(new Error("aborted"));
    return fault;
  });
  await ask(plane); // its runtime is up before
  at = plane.calls.length + index;
  const outcome = await ship(plane, two, { signal: controller.signal }).catch((error: unknown) => error);
  at = Number.POSITIVE_INFINITY;
  if (outcome instanceof Error) {
    if (fault) assert.match(String(Object(outcome).code), /^[A-Z_]+$/);
    assert.match(await ask(plane), word);
    // What could not be let go of has ended by then.
    assert.match(await ship(plane, two, { later: 3_600_000 }), /^(?:deployed|unchanged)$/);
  }
  assert.equal(await ask(plane), "two");
  assert.equal(await ship(plane, two), "unchanged");
}

/** Of calls that only look, what is not tried again, or not at once, is of interest. */
const LOOKING = ["is reset always", "is silent", "answers something else", "is the last before an abort"];

function callsFor({ calls }: Start, names: readonly string[], name: string): [index: number, call: string][] {
  return [...calls.entries()].filter(([, call]) => !call.startsWith("GET ") || names.includes(name));
}

for (const name of Object.keys(FAULTS)) {
  test(`a call that ${name}: the old release serves, and the next run finishes`, { concurrency: 4 }, async (t) => {
    assert.ok(live.calls.length > 10);
    await Promise.all(
      callsFor(live, LOOKING, name).map(([index, call]) =>
        t.test(`${index} ${call}`, (t) => breakOnce(t, live, index, name, /^(?:one|two)$/)),
      ),
    );
  });
}

for (const name of ["loses its answer", "is reset always", "is the last before an abort"]) {
  test(`a call of a first deploy that ${name}: the next run finishes`, { concurrency: 4 }, async (t) => {
    // Between the two, what the name's first version says: 503, and no text in these tests.
    await Promise.all(
      callsFor(nothing, ["is the last before an abort"], name).map(([index, call]) =>
        t.test(`${index} ${call}`, (t) => breakOnce(t, nothing, index, name, /^(?:nothing||two)$/)),
      ),
    );
  });
}
