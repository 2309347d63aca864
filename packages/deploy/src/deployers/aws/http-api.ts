/**
 * Releases behind an HTTP API: each is a deployment of the API, whose integrations name versions of functions.
 * @module
 */
import type { Made, Release } from "../../contracts.ts";
import { nothingDeployed } from "../../engine/errors.ts";
import { apiKind, candidateStage, findApi, LIVE, type LiveApi, type OpenedApi, openApi } from "./api.ts";
import { createCanary } from "./canary.ts";
import { type Front, together, type Wanted } from "./front.ts";
import type { LiveFunction } from "./functions.ts";
import { createHistory, type History } from "./history.ts";
import type { Parameters } from "./parameters.ts";
import { createRecords, type ReleaseRecord } from "./records.ts";
import {
  type RouteMap,
  readIntegration,
  routesKind,
  type Target,
  toRouteMap,
  writeIntegrations,
  writeRoutes,
} from "./routes.ts";
import { moveSchedules } from "./schedules.ts";
import type { Stage } from "./stage.ts";
import { CANARY_ALIAS, permitApi, publish } from "./versions.ts";

export function createHttpApi(stage: Stage, parameters: Parameters): Front {
  const { input, names } = stage;
  const records = createRecords(parameters);
  const open = async (): Promise<OpenedApi | undefined> => {
    const found = await findApi(stage);
    return found && { ...found, parts: openApi(stage, found.id) };
  };
  const need = async (): Promise<OpenedApi> => {
    const found = await open();
    if (found) return found;
    throw nothingDeployed(names.app, names.stage, "AWS");
  };
  const history = createHistory(stage, records);
  const look = together(async () => {
    const api = await open();
    return api && history.read(api);
  });
  const canary = createCanary(stage, records);
  const routes: RouteMap = toRouteMap(input.artefact?.manifest.front.routes ?? []);

  return {
    kinds: [apiKind(stage), routesKind(stage)],
    specs: (functions) => [
      { kind: "api", name: names.base, value: null },
      {
        kind: "routes",
        name: names.base,
        after: [`api/${names.base}`, ...functions.map(({ id }) => `function/${id}`)],
        value: routes,
      },
    ],
    releases: async () => (await look())?.releases ?? [],
    async behind() {
      const { live = "", records: known, releases: [newest] = [] } = (await look()) ?? {};
      const served = known?.get(live)?.canary?.from ?? live;
      return newest?.id === served ? undefined : known?.get(served)?.versions;
    },
    async release(made, wanted) {
      const found = made.get(`api/${names.base}`) as LiveApi; // as its kind lists it
      const api = { ...found, parts: openApi(stage, found.id) };
      return makeRelease({ stage, api, records, history, routes }, made, wanted);
    },
    async candidate(release) {
      const api = await need();
      const name = candidateStage(release.id);
      const stages = await api.parts.stages();
      await api.parts.setStage(
        name,
        release.id,
        stages.some(({ StageName }) => StageName === name),
      );
      const url = new URL(`${api.endpoint}/${name}/`);
      await untilThere(stage, url);
      return { url, headers: {} };
    },
    async switch(release, share) {
      const api = await need();
      if (share < 1 && (await canary.shift(api, release, share))) return;
      const state = await history.read(api);
      await api.parts.setStage(LIVE, release.id, state.live !== undefined);
      await canary.end(api);
      const record = state.records.get(release.id);
      await records.markLive(release.id, record);
      if (record) await moveSchedules(stage, record);
      await history.prune(api, release.id);
    },
    async reset() {
      const api = await open();
      if (!api) return;
      await canary.end(api);
      await history.sweep(api);
    },
    async forget(id) {
      const api = await open();
      if (api) await history.forget(api, id);
    },
    async urls() {
      const api = await open();
      const { domain } = stage.settings;
      return api ? [...(domain ? [new URL(`https://${domain.name}`)] : []), new URL(api.endpoint)] : [];
    },
    async measured({ id }) {
      const api = await open();
      const state = api && (await history.read(api));
      const record = state?.records.get(id);
      if (!api || !state || !record) return undefined;
      const running = state.records.get(state.live ?? "");
      const { canary: shared } = running ?? {};
      if (!running || !shared) {
        const all = Object.entries(record.versions);
        const functions = all.map(([fn, version]) => ({ name: names.function(fn), qualifier: version, version }));
        return { functions, isNew: false };
      }
      const isNew = shared.to === id;
      const other = state.records.get(isNew ? shared.from : shared.to)?.versions ?? {};
      const functions = shared.functions.map((fn) => ({
        name: names.function(fn),
        qualifier: CANARY_ALIAS,
        version: record.versions[fn] ?? "",
        other: other[fn] ?? "",
      }));
      return { functions, api: { id: api.id, since: Date.parse(running.at) }, isNew };
    },
    async destroy() {
      for (const id of (await records.list()).keys()) await records.remove(id);
    },
  };
}

/** A stage is not there everywhere at once; until then the gateway itself says 404, which proves nothing of the app. */
async function untilThere(stage: Stage, url: URL): Promise<void> {
  const { signal } = stage.input;
  // A path that no app has: its own 404 is another one.
  const probe = new URL(".well-known/godwit", url);
  await stage.wait(
    `The stage ${url.href}`,
    async () => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
      const answer = await fetch(probe, { signal: limit }).catch(() => undefined);
      const text = answer?.status === 404 ? await answer.text() : "";
      return answer && text !== NOT_THERE ? true : undefined;
    },
    { deadline: 60_000 },
  );
}

const PATIENCE = 30_000;
const NOT_THERE = '{"message":"Not Found"}';

interface Context {
  stage: Stage;
  api: OpenedApi;
  records: ReturnType<typeof createRecords>;
  history: History;
  routes: RouteMap;
}

/** Versions, integrations, routes, and the copy of them. None of it has traffic. */
async function makeRelease(context: Context, made: Made, wanted: Wanted): Promise<Release> {
  const { stage, api, records, history, routes } = context;
  const { parts } = api;
  const [integrations, existing, state] = await Promise.all([parts.integrations(), parts.routes(), history.read(api)]);
  const known = new Map(integrations.map((one) => [readIntegration(one)?.id, readIntegration(one)]));
  const targets = wanted.functions.map(async ({ id }): Promise<Target & { version: string }> => {
    const live = made.get(`function/${id}`) as LiveFunction; // as its kind lists it
    const before = known.get(id);
    // Live as it is; or published in this very state, and permitted before the integration named it.
    let version = live.version ?? (before?.mark === live.mark ? before.version : undefined);
    if (version === undefined) {
      version = await publish(stage, live);
      await permitApi(stage, live.name, version, api.id);
    }
    return { id, mark: live.mark, version, uri: `${live.arn}:${version}` };
  });
  const done = await Promise.all(targets);
  const ids = await writeIntegrations(stage, api.id, integrations, done, parts);
  await writeRoutes(stage, api.id, { routes: existing, integrations }, routes, ids);

  const versions = Object.fromEntries(done.map(({ id, version }) => [id, version]));
  const { fingerprint, scheduled } = wanted;
  const same = state.releases.find((one) => {
    const record = state.records.get(one.id);
    return one.fingerprint === fingerprint && record && isEqual(record.versions, versions);
  });
  if (same) return same;
  const at = new Date(stage.input.clock.now()).toISOString();
  const Description = `godwit ${fingerprint} ${at}`;
  const { DeploymentId: id = "" } = await stage.call(
    "apigateway",
    "CreateDeployment",
    (client, o) => client.createDeployment({ ApiId: api.id, Description }, o),
    { lookup: async () => (await parts.deployments()).find((one) => one.Description === Description) },
  );
  const record: ReleaseRecord = { fingerprint, at, versions, scheduled: [...scheduled] };
  await records.write(id, record);
  return { id, fingerprint, at, share: 0, kept: false };
}

function isEqual(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
