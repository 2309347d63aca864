/**
 * Deploys to Cloudflare Workers over its REST API. A release is a version of the Worker in front, traffic is a
 * deployment of versions: see docs/deploy/cloudflare.md.
 * @module
 */
import type { ControlPlane, Deployer, DeployInput, RehearsalOptions } from "../../contracts.ts";
import { addressKinds, addressSpecs, listDomains } from "./addresses.ts";
import { kvKind, kvSpecs } from "./kv.ts";
import { takeLock } from "./lock.ts";
import { readLogs } from "./logs.ts";
import { readMetrics } from "./metrics.ts";
import { objectKind, objectSpecs, proveShared } from "./objects.ts";
import { listReleases, makeRelease } from "./release.ts";
import { scheduleKind, scheduleSpecs } from "./schedule.ts";
import { createSecrets } from "./secrets.ts";
import { openStage } from "./stage.ts";
import { storedKinds, storedSpecs } from "./stored.ts";
import { createTraffic } from "./traffic.ts";
import { removeAll, workerKind, workerSpecs } from "./worker.ts";

export { parseSettings } from "./settings.ts";

export async function open(input: DeployInput): Promise<Deployer> {
  const stage = await openStage(input);
  const traffic = createTraffic(stage, async () => (await listDomains(stage)).map(({ hostname }) => hostname));
  return {
    place: `account ${stage.account}, Worker ${stage.script}`,
    kinds: [
      kvKind(stage),
      ...storedKinds(stage),
      workerKind(stage),
      objectKind(stage),
      scheduleKind(stage),
      ...addressKinds(stage),
    ],
    async specs() {
      await stage.refresh();
      return [
        ...workerSpecs(stage),
        ...objectSpecs(stage),
        ...kvSpecs(stage),
        ...storedSpecs(stage),
        ...scheduleSpecs(stage),
        ...addressSpecs(stage),
      ];
    },
    fingerprint: stage.fingerprint,
    secrets: createSecrets(stage),
    lock: (ttl) => takeLock(stage, ttl),
    releases: () => listReleases(stage),
    release: (made) => makeRelease(stage, made),
    canary: () => proveShared(stage),
    ...traffic,
    metrics: (release, since) =>
      readMetrics(stage, { ...release, id: stage.seen.again.get(release.id) ?? release.id }, since),
    logs: (options) => readLogs(stage, options),
    destroy: () => removeAll(stage),
    async close() {},
  };
}

export async function rehearse(options: RehearsalOptions): Promise<ControlPlane> {
  const { startRehearsal } = await import("./rehearsal/index.ts");
  return startRehearsal(options);
}
