/**
 * The releases of an HTTP API, and which of them stay.
 * @module
 */
import type { Release } from "../../contracts.ts";
import { candidateStage, LIVE, type OpenedApi } from "./api.ts";
import type { Records, ReleaseRecord } from "./records.ts";
import type { Stage } from "./stage.ts";
import { CANARY_ALIAS, getAlias, removeVersion } from "./versions.ts";

export interface State {
  /** The newest first; a canary's deployment is none. */
  releases: Release[];
  records: Map<string, ReleaseRecord>;
  /** What the world's stage serves. */
  live?: string;
  /** Names of stages. */
  stages: string[];
  /** Deployments of ours, with or without a record. */
  deployments: string[];
}

export interface History {
  read(api: OpenedApi): Promise<State>;
  /** Removes what an interrupted run left: candidates, and deployments that never became a release. */
  sweep(api: OpenedApi): Promise<void>;
  /** Removes releases that are not kept any more, with the versions that only they name. */
  prune(api: OpenedApi, live: string): Promise<void>;
  /** Removes releases that need this function, but the live one. */
  forget(api: OpenedApi, fn: string): Promise<void>;
}

const MOST = 50;
const OURS = /^godwit /;

export function createHistory(stage: Stage, records: Records): History {
  const read = async ({ parts }: OpenedApi): Promise<State> => {
    const [stages, deployments, known] = await Promise.all([parts.stages(), parts.deployments(), records.list()]);
    const live = stages.find(({ StageName }) => StageName === LIVE)?.DeploymentId;
    const own = deployments
      .filter(({ Description = "" }) => OURS.test(Description))
      .map((one) => one.DeploymentId ?? "");
    const shares = await findShares(stage, known, live);
    const releases = [...known]
      .filter(([id, record]) => !record.canary && own.includes(id))
      .map(([id, record]): Release => {
        const { fingerprint, at } = record;
        // What only a canary or a proof saw is nothing to go back to.
        return { id, fingerprint, at, share: shares.get(id) ?? 0, kept: record.live === true || id === live };
      })
      .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? 1 : -1));
    return {
      releases: releases.slice(0, MOST),
      records: known,
      ...(live !== undefined && { live }),
      stages: stages.map(({ StageName = "" }) => StageName),
      deployments: own,
    };
  };
  const clear = async (api: OpenedApi, { stages, records: known }: State, gone: readonly string[]) => {
    const { parts } = api;
    await Promise.all(
      gone.map(async (id) => {
        if (stages.includes(candidateStage(id))) await parts.removeStage(candidateStage(id));
        await parts.removeDeployment(id);
      }),
    );
    const stay = [...known].filter(([id]) => !gone.includes(id)).map(([, record]) => record);
    const named = new Set(stay.flatMap(({ versions }) => Object.entries(versions).map((pair) => pair.join(":"))));
    // The record goes last: what is interrupted here is found again by it.
    for (const id of gone) {
      const versions = Object.entries(known.get(id)?.versions ?? {}).filter((pair) => !named.has(pair.join(":")));
      await Promise.all(versions.map(([fn, version]) => removeVersion(stage, stage.names.function(fn), version)));
      if (known.has(id)) await records.remove(id);
    }
  };
  return {
    read,
    async sweep(api) {
      const state = await read(api);
      if (state.live !== undefined) await records.markLive(state.live, state.records.get(state.live));
      for (const name of state.stages) if (/^candidate-/.test(name)) await api.parts.removeStage(name);
      const left = state.deployments.filter((id) => !state.records.has(id) && id !== state.live);
      for (const id of left) await api.parts.removeDeployment(id);
    },
    async forget(api, fn) {
      const state = await read(api);
      const gone = [...state.records].filter(([id, { versions }]) => id !== state.live && versions[fn] !== undefined);
      await clear(
        api,
        state,
        gone.map(([id]) => id),
      );
    },
    async prune(api, live) {
      const state = await read(api);
      for (const name of state.stages) if (/^candidate-/.test(name)) await api.parts.removeStage(name);
      const { keep } = stage.settings;
      const before = state.releases.filter(({ id }) => id !== live);
      const others = [...before.filter(({ kept }) => kept).slice(keep - 1), ...before.filter(({ kept }) => !kept)];
      const lost = [...state.records.keys()].filter((id) => id !== live && !state.deployments.includes(id));
      await clear(api, { ...state, stages: [] }, [...new Set([...others.map(({ id }) => id), ...lost])]);
    },
  };
}

/** All traffic to what the stage serves; while that is a canary's, as the alias of its functions says. */
async function findShares(
  stage: Stage,
  records: ReadonlyMap<string, ReleaseRecord>,
  live: string | undefined,
): Promise<Map<string, number>> {
  const canary = live === undefined ? undefined : records.get(live)?.canary;
  if (!canary) return new Map(live === undefined ? [] : [[live, 1]]);
  const [first = ""] = canary.functions;
  const share = (await getAlias(stage, stage.names.function(first), CANARY_ALIAS))?.share ?? 0;
  // A canary without a share is one all the same: it has to be ended.
  const shown = Math.min(0.999, Math.max(0.001, share));
  return new Map([
    [canary.to, shown],
    [canary.from, 1 - shown],
  ]);
}
