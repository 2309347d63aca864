/**
 * Every call of a deploy fails in every way: the old release serves throughout, and the next run finishes.
 * @module
 */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { before, type TestContext, test } from "node:test";
import type { BuiltArtefact, ControlPlane, Fault, FaultPlan } from "@godwit/deploy";
import { shipAgain, temporary } from "./apps.fixture.ts";

export interface Shipping {
  /** Milliseconds from now. */
  later?: number;
  signal?: AbortSignal;
}

export interface FaultyVendor {
  /** An error as the vendor spells it. */
  refusal: object;
  /** Two releases of an app that answers `/` with `one`, and then with `two`. */
  build(t: TestContext): Promise<{ one: BuiltArtefact; two: BuiltArtefact }>;
  start(t: TestContext, folder: string, fault?: FaultPlan): Promise<ControlPlane>;
  /** Gives the outcome. */
  ship(plane: ControlPlane, artefact: BuiltArtefact, options?: Shipping): Promise<string>;
  /** What the world gets at `/`; `nothing` without an address. */
  ask(plane: ControlPlane): Promise<string>;
  /** What it may get while the first release is on its way. Default: nothing, or that release. */
  first?: RegExp;
}

/** Once: the call is tried again, or the deploy stops; always: it stops. None: the deploy is aborted there. */
interface Trouble {
  fault?: Fault;
  always?: boolean;
}

function troubles(refusal: object): Record<string, Trouble> {
  const answer = (status: number, more: { headers?: Record<string, string>; body?: string } = {}): Fault => ({
    kind: "answer",
    status,
    body: JSON.stringify(refusal),
    ...more,
  });
  return {
    "is reset": { fault: { kind: "reset" } },
    "is reset always": { fault: { kind: "reset" }, always: true },
    "loses its answer": { fault: { kind: "lost" } },
    "loses its answer always": { fault: { kind: "lost" }, always: true },
    "is silent": { fault: { kind: "silence" } },
    "is too much": { fault: answer(429, { headers: { "retry-after": "7" } }) },
    "answers 500": { fault: answer(500) },
    "answers 503 always": { fault: answer(503), always: true },
    "is not paid for": { fault: answer(402), always: true },
    "is denied": { fault: answer(403), always: true },
    "has an expired token": { fault: answer(401), always: true },
    "answers something else": { fault: answer(200, { body: "<html>" }) },
    "is the last before an abort": {},
  };
}

/** Of calls that only look, what is not tried again, or not at once, is of interest. */
const LOOKING = ["is reset always", "is silent", "answers something else", "is the last before an abort"];

/** A rehearsal's folder, and the calls that the next deploy makes. */
interface Start {
  folder: string;
  calls: readonly string[];
}

/** Declares the tests of a vendor. */
export function testFaults({ refusal, build, start, ship, ask, first = /^(?:nothing|two)$/ }: FaultyVendor): void {
  let two: BuiltArtefact;
  let nothing: Start;
  let live: Start;
  const ends: (() => unknown)[] = [];
  test.after(async () => {
    for (const work of ends.reverse()) await work();
  });

  before(async () => {
    const t = { after: (work: () => unknown) => ends.push(work) } as unknown as TestContext; // for what lasts the whole file
    const apps = await build(t);
    two = apps.two;
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
    const begun = await watch(undefined, apps.one);
    nothing = begun;
    live = await watch(begun.after, two);
  });

  /** One deploy with a fault at its call `index`, and another one without. */
  async function breakOnce(t: TestContext, from: Start, index: number, trouble: Trouble, word: RegExp): Promise<void> {
    const { fault, always = false } = trouble;
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
      const again = () => ship(plane, two, { later: 3_600_000 });
      const finished = await (fault ? again() : shipAgain(again));
      assert.match(finished, /^(?:deployed|unchanged)$/);
    }
    assert.equal(await ask(plane), "two");
    assert.equal(await ship(plane, two), "unchanged");
  }

  const breakEach = (t: TestContext, from: Start, looks: boolean, trouble: Trouble, word: RegExp) => {
    const calls = [...from.calls.entries()].filter(([, call]) => looks || !call.startsWith("GET "));
    assert.ok(calls.length > 3);
    const one = ([index, call]: [number, string]) =>
      t.test(`${index} ${call}`, (t) => breakOnce(t, from, index, trouble, word));
    return Promise.all(calls.map(one));
  };

  for (const [name, trouble] of Object.entries(troubles(refusal))) {
    test(`a call that ${name}: the old release serves, and the next run finishes`, { concurrency: 4 }, async (t) => {
      await breakEach(t, live, LOOKING.includes(name), trouble, /^(?:one|two)$/);
    });
    if (!["loses its answer", "is reset always", "is the last before an abort"].includes(name)) continue;
    test(`a call of a first deploy that ${name}: the next run finishes`, { concurrency: 4 }, async (t) => {
      await breakEach(t, nothing, name === "is the last before an abort", trouble, first);
    });
  }
}
