/**
 * Every call of a deploy fails in every way: the old release serves on, and running it again completes it.
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { before, type TestContext, test } from "node:test";
import {
  type BuiltArtefact,
  CANARY_LIMITS,
  type ControlPlane,
  deploy,
  type Fault,
  type FaultPlan,
  type Metrics,
} from "@godwit/deploy";
import { dynamodb } from "godwit";
import { open } from "../../packages/deploy/src/deployers/aws/index.ts";
import { rehearse } from "../../packages/deploy/src/deployers/aws/rehearsal/index.ts";
import { buildApp, createClock, temporary } from "./apps.fixture.ts";
import { sayWord as run, text, toInput } from "./aws.fixture.ts";

const appOf = (word: string) => ({
  "env.ts": `import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });`,
  "routes/index.ts": `export const GET = () => new Response("release-${word}");`,
  "routes/tidy.ts": `export const config = { schedule: "0 3 * * *" };\nexport const GET = () => new Response("release-${word}");`,
});

/** The second release brings a table. */
const notes = {
  "routes/index.ts": `import type { Context } from "@godwit/core";
export const GET = (_: Request, context: Context<"/">) => new Response(context.store("main") && "release-two");`,
};
const stores = { stores: { main: { lambda: dynamodb("notes") } } };

const FAULTS = {
  reset: { kind: "reset" },
  lost: { kind: "lost" },
  throttled: { kind: "answer", status: 429, headers: { "retry-after": "3" }, body: "{}" },
  broken: { kind: "answer", status: 503, headers: { "content-type": "text/html" }, body: "<h1>Bad</h1>" },
  unreadable: { kind: "answer", status: 200, body: "<html>what" },
} satisfies Record<string, Fault>;

let one: BuiltArtefact;
let two: BuiltArtefact;
/** State after a deploy of `one`. */
let after: string;

// Built and deployed once; each case works on a copy.
const kept: (() => unknown)[] = [];
const context = { after: (hook: () => unknown) => void kept.push(hook) } as TestContext; // all that the fixture asks of it
before(async () => {
  [one, two] = [
    await buildApp(context, "lambda", appOf("one")),
    await buildApp(context, "lambda", { ...appOf("two"), ...notes }, {}, stores),
  ];
  const clock = createClock();
  after = await temporary(context, "plane-");
  const plane = await rehearse({ folder: after, run, clock });
  await ship(plane, clock, one);
  await plane.close();
});
test.after(async () => {
  for (const hook of kept) await hook();
});

interface Case {
  plane: ControlPlane;
  clock: ReturnType<typeof createClock>;
  plan: { fault?: FaultPlan };
}

async function withPlane<T>(from: string | undefined, work: (one: Case) => Promise<T>): Promise<T> {
  const hooks: (() => unknown)[] = [];
  const own = { after: (hook: () => unknown) => void hooks.push(hook) } as TestContext; // as above
  const folder = await temporary(own, "plane-");
  if (from) await cp(from, folder, { recursive: true });
  const clock = createClock(Date.now() + 60_000);
  const plan: { fault?: FaultPlan } = {};
  const plane = await rehearse({ folder, run, clock, fault: (name, index) => plan.fault?.(name, index) });
  try {
    return await work({ plane, clock, plan });
  } finally {
    await plane.close();
    for (const hook of hooks) await hook();
  }
}

interface ShipOptions {
  signal?: AbortSignal;
  canary?: boolean;
  /** Milliseconds of one call. */
  timeout?: number;
}

async function ship(
  plane: ControlPlane,
  clock: ReturnType<typeof createClock>,
  artefact: BuiltArtefact,
  { signal, canary, timeout }: ShipOptions = {},
): Promise<string> {
  const settings = { keep: 1 };
  const input = await toInput({
    plane,
    clock,
    artefact,
    secrets: { KEY: "a-secret-of-nobody" },
    settings,
    ...(timeout && { env: { GODWIT_CALL_TIMEOUT: String(timeout) } }),
    ...(signal && { signal }),
  });
  const deployer = await open(input);
  const figures: Metrics = { requests: 100, errors: 0, p95: 5 };
  try {
    const { outcome } = await deploy({
      deployer,
      input,
      requests: [{ method: "GET", path: "/" }],
      ...(canary && {
        canary: { steps: [0.1, 0.5], interval: 1000, limits: CANARY_LIMITS, metrics: async () => figures },
      }),
      confirm: async () => ({ go: true, remove: true }),
      onEvent: () => {},
    });
    return outcome;
  } finally {
    await deployer.close();
  }
}

/** What an outsider gets now. */
async function serves(plane: ControlPlane): Promise<string> {
  const authorization = "Credential=AKIAREHEARSAL0000000/20260101/us-east-1/apigateway/aws4_request";
  const answer = await fetch(new URL("/v2/apis", plane.url), { headers: { authorization } });
  const { items } = (await answer.json()) as { items: { apiEndpoint: string }[] }; // as API Gateway answers
  assert.ok(items.length <= 1, "an API too many");
  return items[0] ? text(new URL(items[0].apiEndpoint)) : "nothing";
}

/** Calls of a whole deploy, in the order in which they come without faults. */
async function callsOf(
  from: string | undefined,
  artefact: BuiltArtefact,
  options: ShipOptions = {},
): Promise<string[]> {
  return withPlane(from, async ({ plane, clock }) => {
    await ship(plane, clock, artefact, options);
    return [...plane.calls];
  });
}

const isChange = (name: string): boolean => !/:(Get|List|Describe|Head)/.test(name);
const SWITCH = "apigateway:UpdateStage";

/** Eight at a time. */
async function all<T>(cases: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...cases];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      try {
        await work(next);
      } catch (error) {
        left.length = 0; // one failure is enough
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 6 }, worker));
}

/** The faults befall the attempts of the so-manieth call of this name, one each, and what comes after them is well. */
function befall(name: string, nth: number, faults: readonly Fault[]): FaultPlan {
  let count = 0;
  return (called) => {
    if (called !== name) return undefined;
    const index = count++ - nth;
    return index < 0 ? undefined : faults[index];
  };
}

/** `[name, which of that name]` */
function number(calls: readonly string[]): [name: string, nth: number][] {
  const counts = new Map<string, number>();
  return calls.map((name) => {
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    return [name, count];
  });
}

const changes = (calls: readonly string[]) => number(calls).filter(([name]) => isChange(name));

interface Trial {
  from: string | undefined;
  options?: ShipOptions;
}

/** With faults that pass, the deploy is done, and nothing is there twice. */
async function getsThrough({ from, options }: Trial, [name, nth]: [string, number], faults: readonly Fault[]) {
  const which = `${name} ${nth}`;
  await withPlane(from, async ({ plane, clock, plan }) => {
    plan.fault = befall(name, nth, faults);
    await ship(plane, clock, two, options).catch((error: unknown) => assert.fail(`${which}: ${String(error)}`));
    plan.fault = undefined;
    assert.equal(await serves(plane), "release-two", which);
    assert.equal(await ship(plane, clock, two), "unchanged", which);
  });
}

/** Stopped there, what was live serves on; run again, it is done. */
async function goesOn({ from, options }: Trial, [name, nth]: [string, number], fault: FaultPlan | "abort") {
  const which = `${name} ${nth}`;
  await withPlane(from, async ({ plane, clock, plan }) => {
    const stop = new AbortController();
    let count = 0;
    let switched = false;
    plan.fault = (called, index) => {
      const hit = called === name && count++ >= nth;
      // The stage is moved by a canary too, so that both may serve from then on.
      switched ||= called === SWITCH || called === "apigateway:CreateStage";
      if (hit && fault === "abort") stop.abort(new Error("stopped"));
      return hit && fault !== "abort" ? fault(called, index) : undefined;
    };
    await assert.rejects(ship(plane, clock, two, { ...options, signal: stop.signal }), which);
    plan.fault = undefined;
    const now = await serves(plane);
    if (!switched) assert.equal(now, from === undefined ? "nothing" : "release-one", which);
    else assert.match(now, /release-(one|two)|nothing|Not Found/, which);
    await clock.sleep(130_000); // the lock of what was stopped ends
    await ship(plane, clock, two).catch((error: unknown) => assert.fail(`again, ${which}: ${String(error)}`));
    assert.equal(await serves(plane), "release-two", which);
    assert.equal(await ship(plane, clock, two), "unchanged", which);
  });
}

test("a call that fails in five ways in turn does not stop a deploy, whichever call it is", async () => {
  const calls = number(await callsOf(after, two)).filter(([, nth]) => nth === 0);
  assert.ok(calls.length > 20, `${calls.length}`);
  const { reset, lost, throttled, broken, unreadable } = FAULTS;
  await all(calls, (call) => getsThrough({ from: after }, call, [broken, lost, reset, throttled, unreadable]));
});

test("an answer lost after the work was done makes nothing twice, in a first deploy too", async () => {
  const calls = changes(await callsOf(undefined, two)).filter(([, nth]) => nth === 0);
  assert.ok(calls.length > 12, `${calls.length}`);
  await all(calls, (call) => getsThrough({ from: undefined }, call, [FAULTS.lost, FAULTS.unreadable]));
});

test("stopped before any call that changes something, what is live serves on, and the next run finishes", async () => {
  const calls = changes(await callsOf(after, two));
  await all(calls, (call) => goesOn({ from: after }, call, "abort"));
});

test("a call whose answers are all lost stops the deploy; the next run finishes", async () => {
  const calls = changes(await callsOf(after, two)).filter(([name, nth]) => nth === 0 && !isTolerated(name));
  await all(calls, (call) => goesOn({ from: after }, call, () => FAULTS.lost));
});

test("a canary that is stopped anywhere is ended by the next run", async () => {
  const calls = changes(await callsOf(after, two, { canary: true }));
  const begins = calls.findIndex(([name]) => name === "lambda:UpdateAlias");
  const canary = calls.slice(begins);
  assert.ok(canary.length > 12, `${canary.length}`);
  await all(canary, (call) => goesOn({ from: after, options: { canary: true } }, call, "abort"));
});

test("a call that is never answered ends by its time", async () => {
  const calls = ["lambda:UpdateFunctionCode", "apigateway:CreateDeployment", "apigateway:UpdateStage"];
  const options = { timeout: 3000 };
  await all(calls, (name) => getsThrough({ from: after, options }, [name, 0], [{ kind: "silence" }]));
});

/** Looked for before they are made again, or of no use twice: a lost answer does not stop them. */
const isTolerated = (name: string): boolean =>
  /:(Create(Deployment|Api|Integration)|Delete\w+|AddPermission|UpdateTimeToLive)$/.test(name);
