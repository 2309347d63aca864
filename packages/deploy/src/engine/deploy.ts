/**
 * A whole deploy: nothing before the switch changes what live traffic gets, and whoever runs it again finishes it.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { VerifyRequest } from "@godwit/core/manifest";
import type { Deployer, DeployInput, Release } from "../contracts.ts";
import { applyPhase, removeAll, startMade, toMade } from "./apply.ts";
import { checkArtefact } from "./artefact.ts";
import { type CanaryEvent, type CanaryPlan, runCanary } from "./canary.ts";
import { guarded, redactOf } from "./guarded.ts";
import { type Guard, withLease } from "./lease.ts";
import { type Action, digestOf, findLive, isWhole, makePlan, type Plan } from "./plan.ts";
import { type Verified, verify } from "./verify.ts";
import { type Warmed, warm } from "./warm.ts";

export type DeployStep =
  | "lock"
  | "reset"
  | "secrets"
  | "prepare"
  | "release"
  | "verify"
  | "before-promote"
  | "canary"
  | "switch"
  | "settle"
  | "delete"
  | "warm";

export type DeployEvent =
  | { type: "step"; step: DeployStep }
  | { type: "work"; step: DeployStep; id: string; action: Action; done: number; all: number }
  | { type: "answer"; answer: Verified; all: number }
  | { type: "canary"; event: CanaryEvent }
  | { type: "warm"; url: string; all: number; why?: string }
  | { type: "line"; line: string };

export interface DeployOptions {
  deployer: Deployer;
  input: DeployInput;
  /** Requests that prove the release; none skips it. */
  requests: readonly VerifyRequest[];
  canary?: CanaryPlan;
  /** Paths and URLs that are asked for when the release has the traffic, so that its cache has them. */
  warm?: readonly string[];
  /** Runs once, when the release is proven. */
  beforePromote?(release: Release, onLine: (line: string) => void): Promise<void>;
  /** Told the plan, where it changes something: whether to go on, and whether what is not wanted any more goes too. */
  confirm(plan: Plan): Promise<{ go: boolean; remove: boolean }>;
  onEvent(event: DeployEvent): void;
}

export interface Deployed {
  plan: Plan;
  outcome: "unchanged" | "declined" | "deployed";
  /** What has the traffic. */
  release?: Release;
  verified: Verified[];
  removed: string[];
  urls: URL[];
  warmed?: Warmed;
}

/** Plans, asks, and does it. Throws DEPLOY_PLAN_STALE, DEPLOY_CANARY_BLIND, and what each step throws. */
export function deploy(options: DeployOptions): Promise<Deployed> {
  return guarded(options.input, () => run(options));
}

/** What a deploy would do. Changes nothing. */
export function plan(deployer: Deployer, input: DeployInput): Promise<Plan> {
  return guarded(input, async () => (await makePlan(deployer, input)).plan);
}

async function run(options: DeployOptions): Promise<Deployed> {
  const { deployer, input, confirm, canary } = options;
  if (canary) await deployer.canary?.(canary.steps.filter((step) => step < 1));
  const shown = await makePlan(deployer, input);
  const nothing = { plan: shown.plan, release: findLive(shown.releases), verified: [], removed: [] };
  if (!shown.plan.changed && shown.plan.deletes === 0) {
    return { ...nothing, outcome: "unchanged", urls: await deployer.urls() };
  }
  const { go, remove } = await confirm(shown.plan);
  if (!go) return { ...nothing, outcome: "declined", urls: [] };
  if (!shown.plan.changed && !remove) return { ...nothing, outcome: "unchanged", urls: await deployer.urls() };
  options.onEvent({ type: "step", step: "lock" });
  const done = await withLease(deployer, input, (guard) => change(options, shown.plan, { guard, remove }));
  const list = done.plan.release.action === "unchanged" ? [] : (options.warm ?? []);
  if (list.length === 0) return done;
  options.onEvent({ type: "step", step: "warm" });
  const onAnswer = (url: string, all: number, why?: string) =>
    options.onEvent({ type: "warm", url, all, ...(why !== undefined && { why }) });
  return { ...done, warmed: await warm(list, { urls: done.urls, signal: input.signal, onAnswer }) };
}

async function change(
  options: DeployOptions,
  shown: Plan,
  { guard, remove }: { guard: Guard; remove: boolean },
): Promise<Deployed> {
  const { deployer, input } = options;
  const { artefact, signal } = input;
  const redact = redactOf(input);
  const onEvent = (event: DeployEvent) =>
    options.onEvent(event.type === "line" ? { type: "line", line: redact(event.line) } : event);
  const begin = (step: DeployStep) => onEvent({ type: "step", step });
  const state = await makePlan(deployer, input);
  if (digestOf(state.plan) !== digestOf(shown)) throw stale();
  if (artefact) await checkArtefact(artefact);

  await guard.pass();
  begin("reset");
  await deployer.reset();
  await setSecrets(options, state.plan, guard, begin);

  const made = startMade(state);
  const work = (step: DeployStep) => ({
    deployer,
    state,
    made,
    guard,
    signal,
    onDone: (id: string, action: Action, done: number, all: number) =>
      onEvent({ type: "work", step, id, action, done, all }),
  });
  begin("prepare");
  await applyPhase("prepare", work("prepare"));

  let release = findLive(state.releases);
  let verified: Verified[] = [];
  // crons alone need no new release
  if (state.plan.release.action !== "unchanged") {
    await guard.pass();
    begin("release");
    const next = await deployer.release(toMade(made));
    if (!isWhole(next)) verified = await promote(options, next, { guard, onEvent, live: release });
    release = { ...next, share: 1 };
  }

  try {
    begin("settle");
    await applyPhase("settle", work("settle"));
    const items = remove ? state.plan.items.filter(({ action }) => action === "delete") : [];
    if (items.length > 0) begin("delete");
    const removed = await removeAll({ ...work("delete"), items, live: state.live });
    return { plan: state.plan, outcome: "deployed", release, verified, removed, urls: await deployer.urls() };
  } catch (error) {
    // whoever reads that a deploy failed must know what the world gets
    if (error instanceof Error)
      error.message = `${error.message}\nThe release ${release?.id} is live; what comes after the switch is not all done.`;
    throw error;
  }
}

async function setSecrets(
  { deployer, input }: DeployOptions,
  { secrets }: Plan,
  guard: Guard,
  begin: (step: DeployStep) => void,
): Promise<void> {
  const lacking = secrets.filter(({ action }) => action === "create");
  if (lacking.length > 0) begin("secrets");
  for (const { name } of lacking) {
    const value = input.secrets[name];
    if (value === undefined) continue; // the plan has seen to it
    await guard.pass();
    await deployer.secrets.set(name, value);
  }
}

/** Proves a release, and gives it the traffic. */
async function promote(
  { deployer, input, requests, canary, beforePromote }: DeployOptions,
  next: Release,
  { guard, onEvent, live }: { guard: Guard; onEvent(event: DeployEvent): void; live: Release | undefined },
): Promise<Verified[]> {
  const { clock, signal } = input;
  let verified: Verified[] = [];
  try {
    if (requests.length > 0) {
      await guard.pass();
      onEvent({ type: "step", step: "verify" });
      const onAnswer = (answer: Verified) => onEvent({ type: "answer", answer, all: requests.length });
      verified = await verify(await deployer.candidate(next), requests, { clock, signal, onAnswer });
    }
    if (beforePromote) {
      await guard.pass();
      onEvent({ type: "step", step: "before-promote" });
      await beforePromote(next, (line) => onEvent({ type: "line", line }));
    }
  } catch (error) {
    // what is left half would be ended by the next run too; that it fails must not hide why we are here
    if (!signal.aborted) {
      await guard
        .own()
        .then(() => deployer.reset())
        .catch(() => {});
    }
    throw error;
  }
  if (canary && live) {
    onEvent({ type: "step", step: "canary" });
    await runCanary(canary, {
      clock,
      signal,
      guard,
      live,
      next,
      shift: (share) => deployer.switch(next, share),
      back: () => deployer.reset(),
      onEvent: (event) => onEvent({ type: "canary", event }),
    });
  }
  await guard.prove();
  onEvent({ type: "step", step: "switch" });
  await deployer.switch(next);
  return verified;
}

function stale(): GodwitError {
  return new GodwitError(
    "DEPLOY_PLAN_STALE",
    "What is live changed after the plan was made, so another deploy was faster. Nothing was changed; run it again for a new plan.",
  );
}
