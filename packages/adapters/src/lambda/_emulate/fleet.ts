/**
 * All environments of an artefact: one serves one invocation at a time, more start when requests come at once, up to a
 * bound; over it, the one that was idle longest makes room.
 * @module
 */
import type { LogLine } from "@godwit/bundler/contracts";
import { type Environment, type EnvironmentSpec, startEnvironment } from "./environment.ts";
import type { Guard } from "./guard.ts";
import type { Outcome } from "./outcome.ts";

/** Environments of one function, and of all together. */
const MOST_EACH = 10;
const MOST = 24;

interface Job {
  payload: Buffer;
  trace: string;
  /** No environment is started for it yet. */
  isPatient: boolean;
  resolve(outcome: Outcome): void;
}

export interface Fleet {
  /** Throws RangeError for a function that the artefact has not. */
  invoke(id: string, payload: Buffer, trace: string): Promise<Outcome>;
  /** Starts an environment of it, where there is none. */
  warm(id: string): void;
  /** Idle environments of these functions stop now, busy ones once they are done. */
  reload(ids: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * `patience`: milliseconds for which an invocation waits for an environment that is busy before another one starts.
 * Over a network the next request in line finds the environment free; here it may be quicker than the runtime client.
 * `most`: environments of one function.
 */
export function createFleet(
  specs: ReadonlyMap<string, EnvironmentSpec>,
  guard: Guard,
  log: (line: LogLine) => void,
  patience = 0,
  most: number = MOST_EACH,
): Fleet {
  const queues = new Map<string, Job[]>();
  const environments = new Set<Environment>();
  const stale = new WeakSet<Environment>();
  const stops = new Set<Promise<unknown>>();
  /** Started, but with no environment to show yet, by function. */
  const starting = new Map<string, number>();
  let closed = false;

  const queueOf = (id: string): Job[] => {
    const queue = queues.get(id) ?? [];
    queues.set(id, queue);
    return queue;
  };
  const of = (id: string) =>
    [...environments].filter((environment) => environment.id === id && !stale.has(environment));
  const startingOf = (id: string) =>
    (starting.get(id) ?? 0) + of(id).filter((environment) => environment.state === "starting").length;
  const total = () => environments.size + [...starting.values()].reduce((sum, count) => sum + count, 0);

  const stop = (environment: Environment): Promise<void> => {
    stale.add(environment);
    const stopped = environment.stop().finally(() => stops.delete(stopped));
    stops.add(stopped);
    return stopped;
  };

  const start = async (spec: EnvironmentSpec) => {
    const { id } = spec;
    starting.set(id, (starting.get(id) ?? 0) + 1);
    try {
      const environment = await startEnvironment(spec, guard, {
        idle(settled) {
          if (stale.has(settled)) void stop(settled);
          else schedule();
        },
        gone(ended, failure) {
          environments.delete(ended);
          if (failure && !stale.has(ended)) {
            log({ function: id, level: "error", text: `Init failed: ${failure.type} ${failure.message}` });
            queueOf(id).shift()?.resolve(failure);
          }
          schedule();
        },
        log: (line) => log({ function: id, ...line }),
      });
      environments.add(environment);
      if (closed) await stop(environment);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      queueOf(id).shift()?.resolve({ kind: "error", type: "Runtime.Unknown", message });
    } finally {
      starting.set(id, (starting.get(id) ?? 1) - 1);
    }
    schedule();
  };

  const schedule = () => {
    if (closed) return;
    for (const [id, queue] of queues) {
      for (const environment of of(id)) {
        if (environment.state !== "idle") continue;
        const job = queue.shift();
        if (!job) break;
        void environment.invoke(job.payload, job.trace).then(job.resolve);
      }
      const spec = specs.get(id);
      const urgent = queue.filter(({ isPatient }) => !isPatient).length;
      while (spec && startingOf(id) < urgent && of(id).length + (starting.get(id) ?? 0) < most) {
        if (total() >= MOST) {
          const idle = [...environments].filter((one) => one.state === "idle" && !stale.has(one));
          const oldest = idle.sort((a, b) => a.lastUsed - b.lastUsed)[0];
          if (oldest) void stop(oldest);
          break;
        }
        void start(spec);
      }
    }
  };

  return {
    invoke(id, payload, trace) {
      if (!specs.has(id)) throw new RangeError(`The artefact has no function ${id}.`);
      if (closed) return Promise.resolve({ kind: "error", type: "Sandbox.Closed", message: "The emulator is closed." });
      return new Promise((resolve) => {
        const isPatient = patience > 0 && of(id).length > 0;
        const job: Job = { payload, trace, isPatient, resolve };
        queueOf(id).push(job);
        schedule();
        if (!isPatient) return;
        setTimeout(() => {
          job.isPatient = false;
          schedule();
        }, patience);
      });
    },
    warm(id) {
      const spec = specs.get(id);
      if (spec && of(id).length + (starting.get(id) ?? 0) === 0) void start(spec);
    },
    async reload(ids) {
      const hit = [...environments].filter((environment) => ids.includes(environment.id));
      for (const environment of hit) stale.add(environment);
      await Promise.all(hit.filter((environment) => environment.state !== "busy").map(stop));
      schedule();
    },
    async close() {
      closed = true;
      for (const queue of queues.values()) {
        for (const job of queue.splice(0)) {
          job.resolve({ kind: "error", type: "Sandbox.Closed", message: "The emulator is closed." });
        }
      }
      await Promise.all([...environments].map(stop));
      await Promise.all(stops);
    },
  };
}
