/**
 * An opened stage: the artefact's Workers under this stage's names, and what a release of them would be.
 * @module
 */
import type { DeployInput, Spec } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { hashOf } from "../../engine/names.ts";
import { findAccount } from "./account.ts";
import { type BuiltWorker, readWorkers, type Wrangler } from "./artefact.ts";
import { type Client, createClient } from "./client.ts";
import {
  FINGERPRINT_LENGTH,
  MARK,
  type Owner,
  ownedBy,
  PRODUCTION,
  SECRET_TAG,
  toPartScript,
  toScript,
  toScriptName,
  toStageName,
} from "./names.ts";
import type { CloudflareAddresses, CloudflareSettings } from "./settings.ts";
import { listScripts, listVersions, type Place } from "./state.ts";

/** A Worker of the artefact as this stage has it. */
export interface StageWorker extends BuiltWorker {
  script: string;
}

export interface Stage extends Place {
  client: Client;
  input: DeployInput;
  settings: CloudflareSettings;
  /** Empty without an artefact. */
  workers: readonly StageWorker[];
  /** Names of declared secrets. */
  secrets: readonly string[];
  addresses: CloudflareAddresses;
  /** The deployment that this run saw or made last: another one is somebody else's. And versions that it uploaded again, by their ids of before. */
  seen: { deployment?: string | undefined; again: Map<string, string> };
  /** Looks what secrets the stage has now, since they are part of a release. */
  refresh(): Promise<void>;
  /** The newest change of a secret, as eight digits; empty before `refresh` and where there was none. */
  revision(): string;
  fingerprint(): string;
}

export async function openStage(input: DeployInput): Promise<Stage> {
  const settings = input.settings as CloudflareSettings; // what parseSettings made
  const client = createClient(input);
  const { app, stage, artefact } = input;
  const account = await findAccount(client, settings.account ?? input.env.CLOUDFLARE_ACCOUNT_ID);
  const [scripts, built] = await Promise.all([listScripts({ client, account }), artefact ? readWorkers(artefact) : []]);
  const front = built.find((worker) => worker.front);
  const own = scripts.find(({ tags }) => ownedBy(tags, { app, stage }, "front"));
  const script = front ? toScript(front.wrangler.name, stage) : (own?.id ?? toScript(toScriptName(app), stage));
  // Versions, secrets, crons and addresses are looked up by the name alone, as is all that a destroy removes.
  const named = scripts.find(({ id }) => id === script);
  if (named && !ownedBy(named.tags, { app, stage }, "front")) {
    if (!settings.adopt || named.tags?.includes(MARK)) throw workerTaken(script, { app, stage }, named.tags);
  }
  const place = { app, stage, client, account, script };
  const secrets = artefact?.manifest.env.secrets ?? [];
  let revision = "";
  return {
    ...place,
    input,
    settings,
    secrets,
    seen: { again: new Map() },
    addresses: toAddresses(front?.wrangler, stage, settings),
    workers: nameWorkers(built, script, [input.vars, stage, secrets]),
    async refresh() {
      revision = secretRevision(await listVersions(place));
    },
    revision: () => revision,
    fingerprint() {
      const { vars } = input;
      return hashOf({ hash: artefact?.manifest.hash, vars, settings, secrets, revision }).slice(0, FINGERPRINT_LENGTH);
    },
  };
}

export function workerTaken(script: string, { app, stage }: Owner, tags: readonly string[] | null | undefined): Error {
  return nameTaken(
    `The account has a Worker ${script} that is not of ${app}, stage ${stage}.`,
    tags?.includes(MARK)
      ? "Another app or stage deployed it: give this app another name with cloudflare.name in godwit.config.ts."
      : "Give this app another name with cloudflare.name in godwit.config.ts, or hand that Worker over with deploy.cloudflare.adopt: true.",
  );
}

/** The newest change of a secret, by the id of the version that it made, or as the newest release says. */
function secretRevision(versions: readonly { id: string; annotations?: Record<string, string> | null }[]): string {
  for (const { id, annotations } of versions) {
    if (annotations?.["workers/tag"] === SECRET_TAG) return id.slice(0, 8);
    const carried = /secrets ([0-9a-f]{8})/.exec(annotations?.["workers/message"] ?? "")?.[1];
    if (carried) return carried;
  }
  return "";
}

/** Parts are named after all that is in them, and the front's services after the parts. */
function nameWorkers(built: readonly BuiltWorker[], script: string, common: unknown): StageWorker[] {
  const names = new Map(
    built.map(({ id, front, wrangler, hash }) => [
      wrangler.name,
      front ? script : toPartScript(script, id, hashOf([hash, { ...wrangler, name: "" }, common])),
    ]),
  );
  return built.map((worker) => {
    const services = worker.wrangler.services?.map((one) => ({
      ...one,
      service: names.get(one.service) ?? one.service,
    }));
    const own = names.get(worker.wrangler.name) ?? script;
    return { ...worker, script: own, wrangler: { ...worker.wrangler, ...(services && { services }) } };
  });
}

function toAddresses(front: Wrangler | undefined, stage: string, settings: CloudflareSettings): CloudflareAddresses {
  if (stage !== PRODUCTION) return settings.stages[stage] ?? { routes: [], domains: [] };
  const all = front?.routes ?? [];
  return {
    routes: all.flatMap(({ pattern, zone_name, custom_domain }) =>
      custom_domain ? [] : [{ pattern, ...(zone_name && { zone: zone_name }) }],
    ),
    domains: all.flatMap(({ pattern, custom_domain }) => (custom_domain ? [pattern] : [])),
  };
}

export function frontWorker({ workers }: Pick<Stage, "workers">): StageWorker | undefined {
  return workers.find(({ front }) => front);
}

/** Buckets, databases and queues that any of the Workers names, each once, as this stage calls them. */
export function stageNames<T>(
  stage: Stage,
  from: (wrangler: Wrangler) => readonly T[] | undefined,
  name: (row: T) => string,
): string[] {
  const names = stage.workers.flatMap(({ wrangler }) => (from(wrangler) ?? []).map(name));
  return [...new Set(names)].sort().map((one) => toStageName(one, stage.stage));
}

export function specsOf(kind: string, names: readonly string[]): Spec[] {
  return names.map((name) => ({ kind, name, value: {} }));
}
