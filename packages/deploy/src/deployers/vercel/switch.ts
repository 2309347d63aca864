/**
 * Production traffic: one promotion, or one rollback, moves all of it; a rolling release moves a share.
 * https://vercel.com/docs/deployments/promoting-a-deployment, https://vercel.com/docs/rolling-releases
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { DeployInput, Release } from "../../contracts.ts";
import { CallError, waitFor } from "../../engine/retry.ts";
import type { Api } from "./client.ts";
import type { LiveProject, Project } from "./project.ts";

export interface RollingRelease {
  state: string;
  currentDeployment: { id: string } | null;
  canaryDeployment: { id: string };
  activeStage: { index: number; targetPercentage: number };
}

export interface Traffic {
  /** The one on its way, if there is one. */
  rolling(live: LiveProject): Promise<RollingRelease | undefined>;
  /** The shares that a canary will ask for: Vercel must know them before the first. Throws VERCEL_CANARY_SHARE. */
  plan(shares: readonly number[]): void;
  shift(release: Release, share: number): Promise<void>;
  reset(): Promise<void>;
}

/** Milliseconds until domains must have moved. */
const MOVED = 180_000;

export function createTraffic(api: Api, { clock, signal }: DeployInput, project: Project): Traffic {
  let shares: readonly number[] = [];
  const at = (id: string, rest: string) => `/v1/projects/${encodeURIComponent(id)}/rolling-release${rest}`;
  const wait = <T>(what: string, look: () => Promise<T | undefined>) =>
    waitFor(what, look, { clock, signal, deadline: MOVED, every: 200 });

  async function rolling({ id }: LiveProject): Promise<RollingRelease | undefined> {
    const call = { name: "look at the rolling release", path: at(id, ""), maybe: true };
    const found = (await api.call<{ rollingRelease: RollingRelease | null } | undefined>(call))?.rollingRelease;
    return found?.state === "ACTIVE" ? found : undefined;
  }

  const fresh = () => {
    project.forget();
    return project.get();
  };

  async function configure(id: string, stages: readonly number[]): Promise<void> {
    const json =
      stages.length === 0
        ? { enabled: false }
        : {
            enabled: true,
            advancementType: "manual-approval",
            stages: [...stages, 1].map((share) => ({
              targetPercentage: toPercentage(share),
              requireApproval: true,
            })),
          };
    await api.call({ name: "configure rolling releases", method: "PATCH", path: at(id, "/config"), json });
  }

  /** Moves every production domain. An answer that says no is asked about: an earlier attempt may have done it. */
  async function move(release: Release): Promise<void> {
    const live = await fresh();
    const current = live.targets?.production?.id;
    if (current === release.id) return;
    const isOlder = current !== undefined && (await createdAt(current)) > Date.parse(release.at);
    const id = encodeURIComponent(live.id);
    const path = isOlder ? `/v9/projects/${id}/rollback/${release.id}` : `/v10/projects/${id}/promote/${release.id}`;
    try {
      await api.call({ name: isOlder ? "roll back" : "promote", method: "POST", path, json: {} });
    } catch (error) {
      if (!(error instanceof CallError) || error.transient) throw error;
      if ((await fresh()).targets?.production?.id !== release.id) throw error;
    }
    await arrived(release);
  }

  async function arrived(release: Release): Promise<void> {
    await wait(`Traffic on ${release.id}`, async () => {
      const live = await fresh();
      const active = await rolling(live);
      // The project has rolling releases of its own: this one is to be whole at once.
      if (active?.canaryDeployment.id === release.id) await complete(live, release);
      return live.targets?.production?.id === release.id ? true : undefined;
    });
  }

  async function complete({ id }: LiveProject, release: Release): Promise<void> {
    const json = { canaryDeploymentId: release.id };
    await api.call({ name: "complete the rolling release", method: "POST", path: at(id, "/complete"), json });
  }

  async function createdAt(id: string): Promise<number> {
    const call = { name: "look at the deployment", path: `/v13/deployments/${encodeURIComponent(id)}`, maybe: true };
    return (await api.call<{ createdAt?: number } | undefined>(call))?.createdAt ?? 0;
  }

  async function step(release: Release, share: number): Promise<void> {
    const live = await fresh();
    if (!live.targets?.production) {
      throw new GodwitError(
        "VERCEL_CANARY_FIRST",
        "The first release of a stage has nothing to share traffic with. Deploy without --canary.",
      );
    }
    const active = await rolling(live);
    const percentage = toPercentage(share);
    if (active?.activeStage.targetPercentage === percentage) return;
    const json = { canaryDeploymentId: release.id };
    if (active) {
      const { index } = active.activeStage;
      const body = { ...json, activeStageIndex: index, nextStageIndex: index + 1 };
      await api.call({ name: "approve a stage", method: "POST", path: at(live.id, "/approve-stage"), json: body });
    } else {
      await configure(live.id, shares.length ? shares : [share]);
      await api.call({ name: "start a rolling release", method: "POST", path: at(live.id, "/start"), json });
    }
    await wait(`A share of ${percentage}% for ${release.id}`, async () =>
      (await rolling(live))?.activeStage.targetPercentage === percentage ? true : undefined,
    );
  }

  return {
    rolling,
    plan(asked) {
      shares = asked.filter((share) => share > 0 && share < 1);
      for (const share of shares) toPercentage(share);
    },
    async shift(release, share) {
      if (share < 1) return step(release, share);
      const live = await fresh();
      const active = await rolling(live);
      if (active?.canaryDeployment.id !== release.id) return move(release);
      await complete(live, release);
      await arrived(release);
      await configure(live.id, []);
    },
    async reset() {
      const live = await project.find();
      const active = live && (await rolling(live));
      if (!live || !active) return;
      const back = active.currentDeployment?.id ?? live.targets?.production?.id;
      const path = `/v9/projects/${encodeURIComponent(live.id)}/rollback/${back}`;
      await api.call({ name: "abort the rolling release", method: "POST", path, json: {} });
      await wait("The end of the rolling release", async () => ((await rolling(live)) ? undefined : true));
      await configure(live.id, []);
      project.forget();
    },
  };
}

function toPercentage(share: number): number {
  const percentage = Math.round(share * 100);
  if (percentage >= 1 && Math.abs(percentage - share * 100) < 1e-6) return percentage;
  throw new GodwitError(
    "VERCEL_CANARY_SHARE",
    `Vercel shares traffic out by whole percents from 1 on, and ${Number((share * 100).toPrecision(6))}% is none. Give --canary other shares.`,
  );
}
