/**
 * The deployer of a stage on a host.
 * @module
 */

import { GodwitError } from "@godwit/core/errors";
import type { Deployer, LogLine, Metrics, Release } from "../../contracts.ts";
import { createFunctionKind, functionSpec, makeRelease, toRelease } from "./function-kind.ts";
import { takeLock } from "./lock.ts";
import { fingerprintOf } from "./release.ts";
import { createSecrets } from "./secrets.ts";
import type { Stage } from "./stage.ts";
import type { Figures, FleetStatus, SupervisorStatus } from "./supervisor/words.ts";
import { createSupervisorKind, installSupervisor, supervisorSpec } from "./supervisor-kind.ts";

export async function createDeployer(stage: Stage): Promise<Deployer> {
  const { input, settings, host } = stage;
  const { folder } = await stage.look();
  const { artefact } = input;
  /** Starts what a reboot, or somebody's hand, has ended. */
  const ensure = async () => {
    if (!(await stage.look()).status) await installSupervisor(stage);
  };

  return {
    place: `${host.name}, ${folder}/${stage.place.stage}`,
    kinds: [createSupervisorKind(stage), createFunctionKind(stage)],
    specs: async () => (artefact ? [supervisorSpec(), functionSpec(stage, artefact)] : []),
    fingerprint: () => fingerprintOf(stage),
    secrets: createSecrets(stage),
    lock: (ttl) => takeLock(stage, ttl),

    async releases() {
      const look = await stage.look();
      return look.releases.map((release) => toRelease(look, release));
    },

    async release() {
      const release = await makeRelease(stage);
      if (release) return release;
      throw new GodwitError("NODE_NO_ARTEFACT", "There is no build to make a release of. Run `godwit deploy`.");
    },

    async candidate({ id }: Release) {
      await ensure();
      const { port } = await stage.control<FleetStatus>({ command: "start", id });
      return { url: await host.reach(port ?? 0), headers: {} };
    },

    async switch({ id }, share) {
      await ensure();
      await stage.control<SupervisorStatus>({ command: "switch", id, share });
      if (share !== undefined) return;
      await stage.change({ op: "prune", keep: settings.keep }).catch((error: Error) => {
        input.warn(`Old releases could not be removed: ${error.message}`);
      });
    },

    async reset() {
      const { status, unswept } = await stage.look();
      const isLeft = status?.fleets.some(({ id, state }) => id !== status.live && state !== "draining");
      if (isLeft) await stage.control({ command: "reset" });
      if (unswept) await stage.change({ op: "sweep" });
    },

    async urls() {
      const { status, releases, current } = await stage.look();
      if (current === undefined) return [];
      if (settings.url !== undefined && stage.place.stage === "production") return [new URL(settings.url)];
      const { port = 0, listen } = releases.find(({ id }) => id === current)?.settings ?? {};
      const bound = port || status?.ports[0];
      if (!bound) return [];
      const name = listen && listen !== "0.0.0.0" && listen !== "::" ? listen : (host.address ?? "localhost");
      const written = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
      return [new URL(`${status?.scheme ?? "http"}://${written}:${bound}`)];
    },

    async metrics({ id }, since): Promise<Metrics | undefined> {
      const ask = { op: "control", command: { command: "figures", id, since }, time: 10_000 } as const;
      return stage.client.ask<Figures>(ask);
    },

    async *logs({ follow, since, signal }) {
      const both = AbortSignal.any([signal, input.signal]);
      for await (const line of stage.client.lines({ op: "logs", since, follow }, both)) {
        yield line as LogLine; // the supervisor's log wrote it
      }
    },

    async destroy() {
      await stage.change({ op: "destroy" });
    },

    async close() {
      stage.client.close();
      await host.close();
    },
  };
}
