/**
 * Takes a stage away: everything that is this app's and this stage's, and nothing else.
 * @module
 */
import type { Deployer, DeployInput } from "../contracts.ts";
import { removeAll } from "./apply.ts";
import { guarded } from "./guarded.ts";
import { withLease } from "./lease.ts";
import type { PlanItem } from "./plan.ts";

export interface DestroyOptions {
  deployer: Deployer;
  input: DeployInput;
  /** Told what there is; false leaves it. */
  confirm(found: Found): Promise<boolean>;
  onDone(id: string, done: number, all: number): void;
}

export interface Found {
  /** Ids of things. */
  things: string[];
  /** What goes with a thing and cannot be had again, by its id. */
  lost: Record<string, string>;
  releases: string[];
  secrets: string[];
}

export interface Destroyed extends Found {
  outcome: "nothing" | "declined" | "destroyed";
}

/** Throws what the vendor's calls throw; run again, it goes on where it stopped. */
export function destroy({ deployer, input, confirm, onDone }: DestroyOptions): Promise<Destroyed> {
  return guarded(input, async () => {
    const first = await look(deployer);
    const { things, releases, secrets } = first.found;
    if (things.length + releases.length + secrets.length === 0) return { ...first.found, outcome: "nothing" };
    if (!(await confirm(first.found))) return { ...first.found, outcome: "declined" };
    return withLease(deployer, input, async (guard) => {
      const { found, items, live } = await look(deployer);
      const { signal } = input;
      await removeAll({ deployer, items, live, guard, signal, onDone: (id, _, done, all) => onDone(id, done, all) });
      for (const name of found.secrets) {
        await guard.pass();
        await deployer.secrets.remove(name);
      }
      await guard.prove();
      await deployer.destroy();
      return { ...found, outcome: "destroyed" };
    });
  });
}

async function look(deployer: Deployer): Promise<{ found: Found; items: PlanItem[]; live: Map<string, unknown> }> {
  const [releases, secrets, ...lists] = await Promise.all([
    deployer.releases(),
    deployer.secrets.list(),
    ...deployer.kinds.map((kind) => kind.list()),
  ]);
  const live = new Map<string, unknown>();
  const items: PlanItem[] = [];
  const lost: Record<string, string> = {};
  for (const [index, kind] of deployer.kinds.entries()) {
    for (const [name, one] of lists[index] ?? []) {
      const id = `${kind.name}/${name}`;
      live.set(id, one);
      const losing = kind.remove && kind.irreversible?.(undefined, one);
      if (losing) lost[id] = losing;
      if (kind.remove) items.push({ id, kind: kind.name, name, phase: kind.phase, action: "delete", changes: [] });
    }
  }
  const things = items.map(({ id }) => id);
  return { found: { things, lost, releases: releases.map(({ id }) => id), secrets }, items, live };
}
