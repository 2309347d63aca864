/**
 * Work with an order: in parallel, bounded, each piece after those that it needs.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

export interface Task {
  id: string;
  /** Ids of other tasks. */
  after: readonly string[];
  run(): Promise<void>;
}

export interface GraphOptions {
  /** Tasks at a time. Default 16. */
  limit?: number;
  signal: AbortSignal;
}

/**
 * Runs all tasks. After the first failure, or an abort, no task begins; those that run are waited for, then the failure
 * is thrown. Throws DEPLOY_ORDER_INVALID, before anything runs, where the order cannot be.
 */
export async function runGraph(tasks: readonly Task[], { limit = 16, signal }: GraphOptions): Promise<void> {
  const waiting = new Map(tasks.map((task) => [task.id, task.after.length]));
  const followers = new Map<string, Task[]>();
  for (const task of tasks) {
    for (const id of task.after) {
      if (!waiting.has(id)) throw noOrder(`${task.id} needs ${id}, which is not there`);
      followers.set(id, [...(followers.get(id) ?? []), task]);
    }
  }
  checkOrder(tasks, followers);
  const ready = tasks.filter((task) => task.after.length === 0);
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const start = (task: Task) => {
    const work = task
      .run()
      .then(
        () => {
          for (const follower of followers.get(task.id) ?? []) {
            const left = (waiting.get(follower.id) ?? 0) - 1;
            waiting.set(follower.id, left);
            if (left === 0) ready.push(follower);
          }
        },
        (error: unknown) => void failures.push(error),
      )
      .finally(() => running.delete(work));
    running.add(work);
  };
  for (;;) {
    while (ready.length > 0 && running.size < limit && failures.length === 0 && !signal.aborted) {
      const task = ready.shift();
      if (task) start(task);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}

function checkOrder(tasks: readonly Task[], followers: ReadonlyMap<string, readonly Task[]>): void {
  const left = new Map(tasks.map((task) => [task.id, task.after.length]));
  const free = tasks.filter((task) => task.after.length === 0).map((task) => task.id);
  for (const id of free) {
    left.delete(id);
    for (const follower of followers.get(id) ?? []) {
      const more = (left.get(follower.id) ?? 0) - 1;
      left.set(follower.id, more);
      if (more === 0) free.push(follower.id);
    }
  }
  if (left.size > 0) throw noOrder(`${[...left.keys()].join(", ")} need each other`);
}

function noOrder(why: string): GodwitError {
  return new GodwitError(
    "DEPLOY_ORDER_INVALID",
    `The work has no order: ${why}. Report this as a bug of the deployer.`,
  );
}
