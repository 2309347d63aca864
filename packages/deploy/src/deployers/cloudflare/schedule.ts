/**
 * Crons of the Worker in front. Cloudflare does not version them: they are set after the switch, and call the live
 * version.
 * @module
 */
import type { AnyKind, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { NO_WORKER } from "./failures.ts";
import { frontWorker, type Stage } from "./stage.ts";
import { SCRIPTS } from "./state.ts";

interface Crons {
  crons: string[];
}

export function scheduleSpecs(stage: Stage): Spec[] {
  const crons = frontWorker(stage)?.wrangler.triggers?.crons ?? [];
  return crons.length ? [{ kind: "schedule", name: "crons", value: { crons: [...crons].sort() } }] : [];
}

export function scheduleKind({ client, account, script }: Stage): AnyKind {
  const path = `/accounts/${account}/workers/scripts/${script}/schedules`;
  const set = async (crons: readonly string[]): Promise<Crons> => {
    const json = crons.map((cron) => ({ cron }));
    await client.call<unknown>({
      name: "set the crons",
      method: "PUT",
      path,
      json,
      scope: SCRIPTS,
      absent: [NO_WORKER],
    });
    return { crons: [...crons] };
  };
  return defineKind<Crons, Crons>({
    name: "schedule",
    phase: "settle",
    async list() {
      const found = await client.get<{ schedules?: { cron: string }[] } | undefined>({
        name: "list the crons",
        path,
        scope: SCRIPTS,
        absent: [NO_WORKER],
      });
      const crons = (found?.schedules ?? []).map(({ cron }) => cron).sort();
      return new Map(crons.length ? [["crons", { crons }]] : []);
    },
    diff: ({ crons }, live) =>
      crons.join() === live.crons.join() ? [] : [{ path: "crons", from: live.crons.join(", "), to: crons.join(", ") }],
    create: ({ value }) => set(value.crons),
    update: ({ value }) => set(value.crons),
    remove: async () => {
      await set([]);
    },
  });
}
