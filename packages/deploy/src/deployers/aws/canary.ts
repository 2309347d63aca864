/**
 * A canary is a third deployment of the API, whose changed integrations name an alias: it shares their traffic between
 * the two releases. Steps move the alias; promotion and the way back are one change of the stage.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Release } from "../../contracts.ts";
import { LIVE, type OpenedApi } from "./api.ts";
import type { Records, ReleaseRecord } from "./records.ts";
import { readIntegration, writeIntegrations } from "./routes.ts";
import type { Stage } from "./stage.ts";
import { CANARY_ALIAS, permitApi, removeAlias, setAlias } from "./versions.ts";

export interface Canary {
  /**
   * False where nothing else is live. Throws AWS_CANARY_NOTHING_SHARED where no function that both have differs: whoever
   * asks for a canary must not get all of it at once.
   */
  shift(api: OpenedApi, release: Release, share: number): Promise<boolean>;
  /** All traffic to the release that was live before, and nothing of the canary left. */
  end(api: OpenedApi): Promise<void>;
}

export function createCanary(stage: Stage, records: Records): Canary {
  const { input, names } = stage;

  async function move(canary: NonNullable<ReleaseRecord["canary"]>, known: Map<string, ReleaseRecord>, share: number) {
    const [from, to] = [known.get(canary.from)?.versions ?? {}, known.get(canary.to)?.versions ?? {}];
    await Promise.all(
      canary.functions.map((id) =>
        setAlias(stage, names.function(id), CANARY_ALIAS, { version: from[id] ?? "", other: to[id] ?? "", share }),
      ),
    );
  }

  /** The stage serves it once all of it is there. */
  async function begin(
    api: OpenedApi,
    known: Map<string, ReleaseRecord>,
    canary: NonNullable<ReleaseRecord["canary"]>,
    share: number,
  ) {
    const { parts } = api;
    await move(canary, known, share);
    await Promise.all(canary.functions.map((id) => permitApi(stage, names.function(id), CANARY_ALIAS, api.id)));
    const integrations = await parts.integrations();
    const before = integrations.flatMap((one) => {
      const own = readIntegration(one);
      return own && canary.functions.includes(own.id) ? [{ ...own, uri: one.IntegrationUri ?? "" }] : [];
    });
    const toAlias = before.map((one) => ({ ...one, uri: one.uri.replace(/:\d+$/, `:${CANARY_ALIAS}`) }));
    await writeIntegrations(stage, api.id, integrations, toAlias, parts);
    const at = new Date(input.clock.now()).toISOString();
    const Description = `godwit canary ${canary.from} ${canary.to} ${at}`;
    const { DeploymentId: id = "" } = await stage.call(
      "apigateway",
      "CreateDeployment",
      (client, o) => client.createDeployment({ ApiId: api.id, Description }, o),
      { lookup: async () => (await parts.deployments()).find((one) => one.Description === Description) },
    );
    const versions = known.get(canary.to)?.versions ?? {};
    await records.write(id, { fingerprint: "", at, versions, canary });
    await writeIntegrations(stage, api.id, await parts.integrations(), before, parts);
    await parts.setStage(LIVE, id, true);
  }

  return {
    async shift(api, { id: to }, share) {
      const [stages, known] = await Promise.all([api.parts.stages(), records.list()]);
      const live = stages.find(({ StageName }) => StageName === LIVE)?.DeploymentId;
      if (live === undefined || live === to) return false;
      const running = known.get(live)?.canary;
      if (running) {
        await move(running, known, share);
        return true;
      }
      const [old = {}, next = {}] = [known.get(live)?.versions, known.get(to)?.versions];
      const functions = Object.keys(next).filter((id) => old[id] !== undefined && old[id] !== next[id]);
      if (functions.length === 0) {
        throw new GodwitError(
          "AWS_CANARY_NOTHING_SHARED",
          "No function that is live changes in this release, and on Lambda a canary is two versions of one function: there is no traffic to share. Nothing was switched: what was live serves on. Deploy without --canary to switch all at once.",
        );
      }
      await begin(api, known, { from: live, to, functions }, share);
      return true;
    },
    async end(api) {
      const [stages, known] = await Promise.all([api.parts.stages(), records.list()]);
      const live = stages.find(({ StageName }) => StageName === LIVE)?.DeploymentId ?? "";
      const running = known.get(live)?.canary;
      if (running) await api.parts.setStage(LIVE, running.from, true);
      for (const [id, record] of known) {
        if (!record.canary) continue;
        await api.parts.removeDeployment(id);
        await Promise.all(record.canary.functions.map((fn) => removeAlias(stage, names.function(fn), CANARY_ALIAS)));
        await records.remove(id);
      }
    },
  };
}
