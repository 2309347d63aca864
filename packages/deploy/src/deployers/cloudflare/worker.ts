/**
 * The Workers: one in front, whose versions are the releases, and those behind it, each with its contents in its name.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { AnyKind, Change, Made, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { NO_WORKER } from "./failures.ts";
import { kvSpecs } from "./kv.ts";
import { EMPTY_TAG, fingerprintOf, MARK, ownedBy, toTags, toVersionTag } from "./names.ts";
import { objectSpecs } from "./objects.ts";
import { checkStartup } from "./release.ts";
import { type Stage, type StageWorker, workerTaken } from "./stage.ts";
import {
  isEmpty,
  listDeployments,
  listScripts,
  listVersions,
  liveOf,
  readVersion,
  SCRIPTS,
  type Script,
  type VersionDetail,
} from "./state.ts";
import { storedSpecs } from "./stored.ts";
import { type Binding, toBindings, toEmptyForm, toForm } from "./upload.ts";

/** What is told of a Worker and read back. Bindings by name, in words. */
export interface WorkerValue {
  front: boolean;
  fingerprint: string;
  code: string;
  date: string;
  flags: string;
  bindings: Record<string, string>;
}

interface LiveWorker {
  script: Script;
  /** Of the front alone. */
  version?: VersionDetail;
}

export function workerSpecs(stage: Stage): Spec<WorkerValue>[] {
  return stage.workers.map((worker) => ({
    kind: "worker",
    name: worker.script,
    // A part is a whole release of its own: all that it names must be there.
    ...(!worker.front && { after: resourcesOf(stage) }),
    value: {
      front: worker.front,
      fingerprint: stage.fingerprint(),
      code: codeOf(worker),
      date: worker.wrangler.compatibility_date,
      flags: [...(worker.wrangler.compatibility_flags ?? [])].sort().join(" "),
      bindings: describe(toBindings(worker, stage)),
    },
  }));
}

function resourcesOf(stage: Stage): string[] {
  return [...kvSpecs(stage), ...storedSpecs(stage), ...objectSpecs(stage)].map(({ kind, name }) => `${kind}/${name}`);
}

/** What the message of a version says of its code. */
export function codeOf({ hash }: StageWorker): string {
  return hash.slice(0, 12);
}

function describe(bindings: readonly Binding[]): Record<string, string> {
  const rows = bindings.flatMap(({ name, type, ...rest }) => {
    if (type === "secret_text" || type === "inherit") return [];
    if (type === "plain_text") return [[name, String(rest.text)] as const];
    if (type === "json") return [[name, JSON.stringify(rest.json)] as const];
    const what = rest.service ?? rest.bucket_name ?? rest.queue_name ?? rest.class_name ?? "";
    return [[name, [type, what].filter(Boolean).join(" ")] as const];
  });
  return Object.fromEntries(rows);
}

export function workerKind(stage: Stage): AnyKind {
  const wanted = (): Set<string> => new Set(stage.workers.map(({ script }) => script));
  return defineKind<WorkerValue, LiveWorker>({
    name: "worker",
    phase: "prepare",

    async list() {
      const [scripts, deployments] = await Promise.all([listScripts(stage), listDeployments(stage)]);
      const names = wanted();
      // Parts that this release does not name may be another's: `switch` removes them when no kept release needs them.
      const own = scripts.filter(
        ({ id, tags }) =>
          ownedBy(tags, stage, "front") || (ownedBy(tags, stage, "part") && (names.size === 0 || names.has(id))),
      );
      const live = own.some(({ id }) => id === stage.script) ? liveOf(deployments) : undefined;
      const version = live && (await readVersion(stage, live));
      return new Map(
        own.map((script) => [script.id, { script, ...(version && script.id === stage.script && { version }) }]),
      );
    },

    diff: (value, { version }) => (value.front ? changes(value, version) : []),

    async create({ name, value }, made) {
      const taken = (await listScripts(stage)).find(({ id }) => id === name);
      const role = value.front ? "front" : "part";
      if (taken && ownedBy(taken.tags, stage, role)) return { script: taken };
      if (taken) return { script: await adopt(stage, taken, role) };
      if (value.front) return { script: await createFront(stage) };
      const worker = stage.workers.find(({ script }) => script === name);
      if (worker) await uploadPart(stage, worker, made);
      return { script: { id: name, tags: toTags(stage, role) } };
    },

    // A version is made by `release`, beside the live one.
    update: async (_spec, live) => live,

    async remove(name) {
      await removeScript(stage, name);
    },

    irreversible: (spec, live) => (!spec && live?.version ? "its releases go with it" : undefined),
  });
}

/** Types of bindings that hold a value, and not a name. */
const VALUES = ["plain_text", "json"];

function changes(value: WorkerValue, version: VersionDetail | undefined): Change[] {
  if (!version || isEmpty(version)) return [{ path: "release", to: "the first" }];
  const drift = fingerprintOf(version.annotations?.["workers/tag"]) === value.fingerprint;
  const { script_runtime: runtime, bindings } = version.resources;
  const code = /code ([0-9a-f]{12})/.exec(version.annotations?.["workers/message"] ?? "")?.[1];
  const before = describe(bindings ?? []);
  const vars = new Set((bindings ?? []).filter(({ type }) => VALUES.includes(type)).map(({ name }) => name));
  const found: Change[] = [];
  const compare = (path: string, from: string | undefined, to: string | undefined): void => {
    if (from === to) return;
    found.push({ path, ...(from !== undefined && { from }), ...(to !== undefined && { to }), ...(drift && { drift }) });
  };
  if (code !== value.code) compare("code", code ?? "not by Godwit", value.code);
  compare("compatibility date", runtime?.compatibility_date, value.date);
  compare("compatibility flags", [...(runtime?.compatibility_flags ?? [])].sort().join(" "), value.flags);
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(value.bindings)])].sort()) {
    // A variable that is one no more may have become a secret: its value is not shown.
    const hidden = value.bindings[name] === undefined && vars.has(name);
    compare(`env.${name}`, hidden ? "set" : before[name], value.bindings[name]);
  }
  if (!drift && found.length === 0) found.push({ path: "secrets or settings", to: "as of now" });
  return found;
}

/** The Worker with its tags and nothing in it: its name, secrets and address are there before its first release. */
export async function createFront(stage: Stage): Promise<Script> {
  const { client, account, script } = stage;
  const tags = toTags(stage, "front");
  await client.call<unknown>({
    name: "create the Worker",
    method: "PUT",
    path: `/accounts/${account}/workers/scripts/${script}`,
    query: { excludeScript: "true", bindings_inherit: "strict" },
    form: () => toEmptyForm(tags, { "workers/tag": EMPTY_TAG, "workers/message": "godwit: nothing released yet" }),
    scope: SCRIPTS,
    done: async () => (await listVersions(stage)).find(isEmpty),
  });
  return { id: script, tags };
}

async function adopt(stage: Stage, { id, tags }: Script, role: "front" | "part"): Promise<Script> {
  if (!stage.settings.adopt || tags?.includes(MARK)) throw workerTaken(id, stage, tags);
  const all = [...new Set([...(tags ?? []).filter((tag) => !tag.startsWith("godwit")), ...toTags(stage, role)])];
  await stage.client.call<unknown>({
    name: "tag the Worker",
    method: "PATCH",
    path: `/accounts/${stage.account}/workers/scripts/${id}/script-settings`,
    json: { tags: all },
    scope: SCRIPTS,
  });
  return { id, tags: all };
}

async function uploadPart(stage: Stage, worker: StageWorker, made: Made): Promise<void> {
  const { client, account, input } = stage;
  const missing = stage.secrets.filter((name) => input.secrets[name] === undefined);
  if (missing.length > 0) {
    throw new GodwitError(
      "CLOUDFLARE_SECRET_VALUE",
      `The Worker ${worker.script} is new and needs the value of ${missing.join(", ")}: Cloudflare does not give a secret back, so it cannot be copied from ${stage.script}. Put it into the shell or .env.${input.stage} for this deploy, or build the app as one Worker.`,
    );
  }
  const secrets = stage.secrets.map((name) => ({ name, type: "secret_text", text: input.secrets[name] }));
  const tag = toVersionTag(stage.fingerprint());
  const answer = await client.call<{ startup_time_ms?: number }>({
    name: `upload ${worker.script}`,
    method: "PUT",
    path: `/accounts/${account}/workers/scripts/${worker.script}`,
    query: { excludeScript: "true", bindings_inherit: "strict" },
    form: () =>
      toForm(worker, {
        bindings: [...toBindings(worker, stage, made), ...secrets],
        annotations: { "workers/tag": tag, "workers/message": `godwit: code ${codeOf(worker)}` },
        tags: toTags(stage, "part"),
      }),
    scope: SCRIPTS,
    patience: 120_000,
  });
  checkStartup(stage, worker, answer.startup_time_ms);
}

export async function removeScript({ client, account }: Stage, script: string): Promise<void> {
  await client.call<unknown>({
    name: `remove the Worker ${script}`,
    method: "DELETE",
    path: `/accounts/${account}/workers/scripts/${script}`,
    query: { force: "true" },
    scope: SCRIPTS,
    absent: [NO_WORKER],
  });
}

/** Parts of this stage that are there. */
export async function listParts(stage: Stage): Promise<string[]> {
  const scripts = await listScripts(stage);
  return scripts.filter(({ tags }) => ownedBy(tags, stage, "part")).map(({ id }) => id);
}

/** The front first, since the others answer for it alone. */
export async function removeAll(stage: Stage): Promise<void> {
  const fronts = (await listScripts(stage)).filter(({ tags }) => ownedBy(tags, stage, "front"));
  for (const { id } of fronts) await removeScript(stage, id);
  await Promise.all((await listParts(stage)).map((part) => removeScript(stage, part)));
}
