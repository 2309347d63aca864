/**
 * Shifts traffic in steps and judges each by what the new release answered: goes on, holds, or goes back by itself.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Clock, Metrics, Release } from "../contracts.ts";
import type { Guard } from "./lease.ts";
import { CallError } from "./retry.ts";

export interface CanaryLimits {
  /** Share of answers that are errors, 0 to 1, above which it breaks, if the live release has fewer. Default 0.01. */
  errorRate: number;
  /** Milliseconds of the 95th percentile above which it breaks. Default: `slower` alone. */
  p95?: number;
  /** How many times the live release's 95th percentile it may take, judged at the end of a step. Default 3. */
  slower: number;
  /** Requests that the new release must have answered in a step. Default 20. */
  samples: number;
  /** Further intervals that a step waits for them. Default 5. */
  holds: number;
}

export const CANARY_LIMITS: CanaryLimits = { errorRate: 0.01, slower: 3, samples: 20, holds: 5 };

export interface CanaryPlan {
  /** Shares, 0 to 1, rising; all traffic follows the last. */
  steps: readonly number[];
  /** Milliseconds. */
  interval: number;
  limits: CanaryLimits;
  /** Where figures come from; undefined is that there are none yet. */
  metrics(release: Release, since: number): Promise<Metrics | undefined>;
}

export type CanaryEvent =
  | { state: "shift"; share: number }
  | { state: "look" | "hold" | "pass"; share: number; metrics?: Metrics; live?: Metrics };

export interface CanaryRun {
  clock: Clock;
  signal: AbortSignal;
  guard: Guard;
  live: Release;
  next: Release;
  shift(share: number): Promise<void>;
  /** All traffic to the live release. */
  back(): Promise<void>;
  onEvent(event: CanaryEvent): void;
}

/** Looks that an interval is made of: a breach is seen before its end. */
const LOOKS = 4;
/** Below it, a multiple is noise. Milliseconds. */
const NOISE = 50;
/** Of `samples`: with fewer, the 95th percentile of a release that has just begun is its cold starts. */
const LATENCY_SAMPLES = 5;

/**
 * Resolves when every step passed; the last step to all traffic is the caller's. Throws DEPLOY_CANARY_BROKE and
 * DEPLOY_CANARY_NO_DATA, with all traffic on the live release again.
 */
export async function runCanary(plan: CanaryPlan, run: CanaryRun): Promise<void> {
  try {
    await takeSteps(plan, run);
  } catch (error) {
    // interrupted, no call is left to us: the next run, or a rollback, ends what is on its way
    if (!run.signal.aborted) {
      await run.guard.own();
      await run.back();
    }
    throw error;
  }
}

async function takeSteps(plan: CanaryPlan, run: CanaryRun): Promise<void> {
  const { clock, signal, guard, onEvent } = run;
  const { steps, interval, limits } = plan;
  for (const share of steps.filter((step) => step < 1)) {
    await guard.prove();
    await run.shift(share);
    onEvent({ state: "shift", share });
    const since = clock.now();
    let metrics: Metrics | undefined;
    for (let look = 1; ; look++) {
      await clock.sleep(interval / LOOKS, signal);
      await guard.pass();
      const isEnd = look % LOOKS === 0;
      let live: Metrics | undefined;
      [metrics, live] = await Promise.all([figures(plan, run, run.next, since), figures(plan, run, run.live, since)]);
      const broke = metrics && metrics.requests >= limits.samples ? judge({ metrics, live, limits, isEnd }) : undefined;
      if (broke !== undefined) {
        throw new GodwitError(
          "DEPLOY_CANARY_BROKE",
          `At ${percent(share)} of the traffic, ${broke}, over ${metrics?.requests} requests. All traffic is on ${run.live.id} again.`,
        );
      }
      if (isEnd && metrics && metrics.requests >= limits.samples) {
        onEvent({ state: "pass", share, metrics, ...(live && { live }) });
        break;
      }
      if (isEnd && look >= LOOKS * (1 + limits.holds)) {
        throw new GodwitError(
          "DEPLOY_CANARY_NO_DATA",
          `At ${percent(share)} of the traffic the new release answered ${metrics?.requests ?? "no known number of"} requests in ${Math.round((clock.now() - since) / 1000)} s, and ${limits.samples} are needed to judge it. All traffic is on ${run.live.id} again. Take a longer --interval, a larger share, or fewer \`samples\` in \`deploy.canary\`.`,
        );
      }
      onEvent({ state: isEnd ? "hold" : "look", share, ...(metrics && { metrics }), ...(live && { live }) });
    }
  }
}

/** A source of figures that fails now is one without figures now; one that refuses us will go on to. */
async function figures(
  plan: CanaryPlan,
  run: CanaryRun,
  release: Release,
  since: number,
): Promise<Metrics | undefined> {
  try {
    return await plan.metrics(release, since);
  } catch (error) {
    run.signal.throwIfAborted();
    if (error instanceof CallError) return undefined;
    throw error;
  }
}

interface Judged {
  metrics: Metrics;
  live: Metrics | undefined;
  limits: CanaryLimits;
  isEnd: boolean;
}

/** Which figure broke, in words. */
function judge({ metrics, live, limits, isEnd }: Judged): string | undefined {
  const rate = metrics.errors / metrics.requests;
  const liveRate = live && live.requests >= limits.samples ? live.errors / live.requests : 0;
  if (rate > limits.errorRate && rate > liveRate) {
    return `the error rate was ${percent(rate)} (${metrics.errors} errors), the limit is ${percent(Math.max(limits.errorRate, liveRate))}`;
  }
  const { p95 } = metrics;
  if (p95 === undefined) return undefined;
  if (limits.p95 !== undefined && p95 > limits.p95) {
    return `the 95th percentile was ${Math.round(p95)} ms, the limit is ${limits.p95} ms`;
  }
  const enough = limits.samples * LATENCY_SAMPLES;
  const isComparable = isEnd && live && live.requests >= enough && metrics.requests >= enough;
  const liveP95 = isComparable ? live.p95 : undefined;
  if (liveP95 !== undefined && p95 > NOISE && p95 > liveP95 * limits.slower) {
    return `the 95th percentile was ${Math.round(p95)} ms, more than ${limits.slower} times the live release's ${Math.round(liveP95)} ms`;
  }
  return undefined;
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
