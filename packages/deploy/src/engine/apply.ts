/**
 * Makes what a plan says, through the graph.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { AnyKind, Deployer, Made, Spec } from "../contracts.ts";
import { runGraph, type Task } from "./graph.ts";
import type { Guard } from "./lease.ts";
import type { Action, PlanItem, PlanState } from "./plan.ts";

export interface ApplyOptions {
  deployer: Deployer;
  state: PlanState;
  /** What exists; grows. */
  made: Map<string, unknown>;
  guard: Guard;
  signal: AbortSignal;
  /** Called when a piece is done. */
  onDone(id: string, action: Action, done: number, all: number): void;
}

/** What is there and stays as it is. */
export function startMade({ plan, live }: PlanState): Map<string, unknown> {
  return new Map(plan.items.filter(({ action }) => action === "unchanged").map(({ id }) => [id, live.get(id)]));
}

export function toMade(made: ReadonlyMap<string, unknown>): Made {
  return {
    get(id) {
      if (made.has(id)) return made.get(id);
      throw new GodwitError(
        "DEPLOY_NOT_MADE",
        `${id} is not there yet. Report this as a bug: an \`after\` is missing.`,
      );
    },
    find: (id) => made.get(id),
  };
}

/** Creates and updates the things of one phase. */
export async function applyPhase(phase: "prepare" | "settle", options: ApplyOptions): Promise<void> {
  const { deployer, state, made, guard, signal, onDone } = options;
  const { plan, specs, live } = state;
  const items = plan.items.filter((item) => item.phase === phase && isWork(item));
  const byId = new Map(items.map((item) => [item.id, item]));
  const kinds = new Map(deployer.kinds.map((kind) => [kind.name, kind]));
  const view = toMade(made);
  const known = new Set(plan.items.map(({ id }) => id));
  let done = 0;
  const tasks = specs.flatMap((spec): Task[] => {
    const id = `${spec.kind}/${spec.name}`;
    const item = byId.get(id);
    const kind = kinds.get(spec.kind);
    if (!item || !kind) return [];
    // what is unchanged, or was made in the phase before, is there; a name that nobody has is the graph's to refuse
    const after = (spec.after ?? []).filter((other) => byId.has(other) || !known.has(other));
    const run = async () => {
      await guard.pass();
      made.set(id, await change(kind, item.action, spec, live.get(id), view));
      onDone(id, item.action, ++done, items.length);
    };
    return [{ id, after, run }];
  });
  await runGraph(tasks, { signal });
}

function isWork({ action }: PlanItem): boolean {
  return action === "create" || action === "update";
}

function change(kind: AnyKind, action: Action, spec: Spec, live: unknown, made: Made): Promise<unknown> {
  return action === "create" ? kind.create(spec, made) : kind.update(spec, live, made);
}

export interface RemoveOptions extends Pick<ApplyOptions, "deployer" | "guard" | "signal" | "onDone"> {
  items: readonly PlanItem[];
  live: ReadonlyMap<string, unknown>;
}

/** Removes things: a kind after the other, those first that others do not need. */
export async function removeAll({ deployer, items, live, guard, signal, onDone }: RemoveOptions): Promise<string[]> {
  const removed: string[] = [];
  for (const kind of [...deployer.kinds].reverse()) {
    const own = items.filter((item) => item.kind === kind.name);
    const tasks = own.map(({ id, name }): Task => {
      const run = async () => {
        await guard.pass();
        await kind.remove?.(name, live.get(id));
        removed.push(id);
        onDone(id, "delete", removed.length, items.length);
      };
      return { id, after: [], run };
    });
    await runGraph(tasks, { signal });
  }
  return removed;
}
