/**
 * Workers: `/workers/scripts` and what is below it, and the few calls to the newer `/workers/workers`.
 * developers.cloudflare.com/api/resources/workers
 * @module
 */
import {
  hexId,
  newId,
  type Parts,
  Refusal,
  type Request,
  readJson,
  type ScriptRecord,
  type StoredBinding,
  scriptOf,
  sourceOf,
  type VersionRecord,
} from "./records.ts";
import { readUpload } from "./upload.ts";

/** The API tells of the last ten. */
const DEPLOYMENTS = 10;

export function listScripts({ state }: Parts): unknown {
  return Object.values(state.data.scripts).map((script) => ({
    ...summary(script),
    routes: state.data.routes
      .filter((route) => route.script === script.name)
      .map(({ id, pattern }) => ({ id, pattern, script: script.name })),
  }));
}

function summary(script: ScriptRecord): object {
  const { name, tag, tags, created_on, modified_on, source, versions } = script;
  const [newest] = versions;
  return {
    id: name,
    tag,
    tags,
    created_on,
    modified_on,
    etag: newest?.id.replaceAll("-", ""),
    handlers: ["fetch"],
    compatibility_date: newest?.compatibility_date,
    compatibility_flags: newest?.compatibility_flags,
    usage_model: "standard",
    last_deployed_from: source,
    logpush: false,
    migration_tag: script.migrationTag ?? null,
  };
}

export async function putScript(parts: Parts, request: Request): Promise<unknown> {
  const name = request.args[1] ?? "";
  const { state, now } = parts;
  const before = state.data.scripts[name];
  const { version, metadata, classes } = await readUpload(parts, request, before);
  const at = now().toISOString();
  const script: ScriptRecord = before ?? {
    name,
    tag: hexId(),
    tags: [],
    created_on: at,
    modified_on: at,
    source: "api",
    observability: null,
    subdomain: { enabled: false, previews_enabled: false },
    crons: [],
    versions: [],
    deployments: [],
    port: 0,
  };
  if (metadata.tags) script.tags = metadata.tags;
  if (metadata.observability !== undefined) script.observability = metadata.observability;
  add(parts, script, version, sourceOf(request));
  if (metadata.migrations?.new_tag) {
    const gone = Object.keys(script.classes ?? {}).filter((one) => !classes[one]);
    for (const one of gone) await parts.runs.forget(name, one);
    Object.assign(script, { classes, migrationTag: metadata.migrations.new_tag, migrated: version.number });
  }
  deploy(parts, script, [{ version_id: version.id, percentage: 100 }], {}, sourceOf(request));
  state.data.scripts[name] = script;
  await state.save();
  return { ...summary(script), startup_time_ms: version.startup, deployment_id: version.id.replaceAll("-", "") };
}

function add({ now }: Parts, script: ScriptRecord, version: VersionRecord, source: string): void {
  script.versions.unshift(version);
  script.versions.splice(100);
  script.modified_on = now().toISOString();
  script.source = source;
}

function deploy(
  { now }: Parts,
  script: ScriptRecord,
  versions: { version_id: string; percentage: number }[],
  annotations: Record<string, string>,
  source: string,
): object {
  // Two in one millisecond would have no order.
  const last = Date.parse(script.deployments[0]?.created_on ?? "") || 0;
  const created_on = new Date(Math.max(now().getTime(), last + 1)).toISOString();
  script.deployments.unshift({ id: newId(), created_on, source, annotations, versions });
  return { ...script.deployments[0], strategy: "percentage", author_email: "rehearsal@example.com" };
}

export async function removeScript(parts: Parts, { args: [, name = ""] }: Request): Promise<unknown> {
  const { state, runs } = parts;
  const script = scriptOf(parts, name);
  delete state.data.scripts[name];
  state.data.domains = state.data.domains.filter(({ service }) => service !== name);
  await runs.stop(script);
  await runs.forget(name);
  await state.save();
  return null;
}

export function readService(parts: Parts, { args: [, name] }: Request): unknown {
  const script = scriptOf(parts, name);
  const { created_on, modified_on } = script;
  const environment = { environment: "production", created_on, modified_on, script: summary(script) };
  return { id: script.name, created_on, modified_on, default_environment: environment, environments: [environment] };
}

export function listDeployments(parts: Parts, { args: [, name] }: Request): unknown {
  const { deployments } = scriptOf(parts, name);
  return {
    deployments: deployments
      .slice(0, DEPLOYMENTS)
      .map((one) => ({ ...one, strategy: "percentage", author_email: "rehearsal@example.com" })),
  };
}

export async function createDeployment(parts: Parts, request: Request): Promise<unknown> {
  const script = scriptOf(parts, request.args[1]);
  const { versions = [], annotations } = readJson<{
    versions: { version_id: string; percentage: number }[];
    annotations: Record<string, string>;
  }>(request);
  const sum = versions.reduce((all, { percentage }) => all + percentage, 0);
  if (versions.length === 0 || versions.length > 2 || Math.abs(sum - 100) > 0.001) {
    throw new Refusal(400, 10023, "A deployment has one version or two, whose percentages are 100 together.");
  }
  const found = versions.map(({ version_id }) => versionOf(script, version_id));
  if (found.some(({ number }) => number < (script.migrated ?? 0))) {
    throw new Refusal(400, 10211, "Versions from before a Durable Object migration cannot be deployed.");
  }
  const changed = found.flatMap((version) => changedSecrets(script, version));
  if (changed.length > 0 && request.query.get("force") !== "true") {
    throw new Refusal(400, 10220, `The following secrets have changed: ${changed.join(", ")}`);
  }
  const made = deploy(parts, script, versions, annotations ?? {}, sourceOf(request));
  script.source = sourceOf(request);
  await parts.state.save();
  return made;
}

/** Going back to a version that was live, while secrets are others now. */
function changedSecrets({ deployments, versions }: ScriptRecord, version: VersionRecord): string[] {
  const wasLive = deployments.some(({ versions: all }) =>
    all.some(({ version_id, percentage }) => version_id === version.id && percentage > 0),
  );
  const now = versions.find(({ id }) => id === deployments[0]?.versions[0]?.version_id);
  if (!wasLive || !now || now.number <= version.number) return [];
  const secrets = ({ bindings }: VersionRecord): Map<string, unknown> =>
    new Map(bindings.flatMap(({ name, type, text }) => (type === "secret_text" ? [[name, text] as const] : [])));
  const [then, current] = [secrets(version), secrets(now)];
  return [...current.keys()].filter((name) => then.has(name) && then.get(name) !== current.get(name));
}

function versionOf({ versions }: ScriptRecord, id: string | undefined): VersionRecord {
  const found = versions.find((version) => version.id === id);
  if (!found) throw new Refusal(404, 10013, `There is no version ${id}.`);
  return found;
}

function toVersion(version: VersionRecord, whole: boolean): object {
  const { id, number, created_on, source, annotations, bindings, compatibility_date, compatibility_flags } = version;
  return {
    id,
    number,
    metadata: {
      created_on,
      modified_on: created_on,
      source,
      author_id: "",
      author_email: "rehearsal@example.com",
      hasPreview: false,
    },
    annotations,
    ...(whole && {
      startup_time_ms: version.startup,
      resources: {
        script: { etag: id.replaceAll("-", ""), handlers: ["fetch"], last_deployed_from: source },
        script_runtime: { compatibility_date, compatibility_flags, usage_model: "standard", limits: {} },
        bindings: bindings.map(hide),
      },
    }),
  };
}

/** A secret is never given back. */
function hide({ text, ...binding }: StoredBinding): object {
  return binding.type === "secret_text" ? binding : { ...binding, ...(text !== undefined && { text }) };
}

export function listVersions(parts: Parts, { args: [, name] }: Request): unknown {
  return { items: scriptOf(parts, name).versions.map((version) => toVersion(version, false)) };
}

export function readVersion(parts: Parts, { args: [, name, id] }: Request): unknown {
  return toVersion(versionOf(scriptOf(parts, name), id), true);
}

export async function createVersion(parts: Parts, request: Request): Promise<unknown> {
  const script = scriptOf(parts, request.args[1]);
  const { version, metadata } = await readUpload(parts, request, script);
  if (metadata.migrations) {
    throw new Refusal(
      400,
      10211,
      'Version upload failed. You attempted to upload a version of a Worker that includes a Durable Object migration, but migrations must be fully applied by running "wrangler deploy".',
    );
  }
  add(parts, script, version, sourceOf(request));
  await parts.state.save();
  return toVersion(version, true);
}

/** developers.cloudflare.com/api/resources/workers/subresources/beta/subresources/workers/subresources/versions */
export async function readContents(parts: Parts, { args: [, name, id], query }: Request): Promise<unknown> {
  const version = versionOf(scriptOf(parts, name), id);
  const { annotations, assets, bindings, compatibility_date, compatibility_flags, created_on, main_module } = version;
  const modules = version.modules.map(async ({ name: path, type, blob }) => ({
    name: path,
    content_type: type,
    content_base64: (await parts.state.blob(blob))?.toString("base64") ?? "",
  }));
  return {
    id: version.id,
    number: version.number,
    created_on,
    annotations,
    ...(assets && { assets: { config: assets.config } }),
    bindings: bindings.map(hide),
    compatibility_date,
    compatibility_flags,
    main_module,
    ...(query.get("include") === "modules" && { modules: await Promise.all(modules) }),
    source: version.source,
    startup_time_ms: version.startup,
    urls: [],
    usage_model: "standard",
  };
}

/** A version like the newest, with other values in it; without traffic. */
export async function patchVersion(parts: Parts, request: Request): Promise<unknown> {
  const script = scriptOf(parts, request.args[1]);
  const { env = {}, annotations = {} } = readJson<{
    env: Record<string, { type: string; text: string } | null>;
    annotations: Record<string, string>;
  }>(request);
  const version = withSecrets(parts, script, env, annotations);
  add(parts, script, version, sourceOf(request));
  await parts.state.save();
  return toVersion(version, true);
}

function withSecrets(
  { now }: Parts,
  { versions: [newest] }: ScriptRecord,
  env: Record<string, { type: string; text: string } | null>,
  annotations: Record<string, string>,
): VersionRecord {
  if (!newest) throw new Refusal(400, 10222, "There are no versions of this Worker.");
  const kept = newest.bindings.filter(({ name }) => !(name in env));
  const set = Object.entries(env).flatMap(([name, value]) => (value ? [{ name, ...value }] : []));
  return {
    ...newest,
    id: newId(),
    number: newest.number + 1,
    created_on: now().toISOString(),
    source: "secret",
    annotations: { "workers/triggered_by": "secret", ...annotations },
    bindings: [...kept, ...set],
  };
}

export function listSecrets(parts: Parts, { args: [, name] }: Request): unknown {
  const [newest] = scriptOf(parts, name).versions;
  return (newest?.bindings ?? []).flatMap(({ name: secret, type }) =>
    type === "secret_text" ? [{ name: secret, type }] : [],
  );
}

/** Unlike `patchVersion`, this has traffic at once, as the API has it. */
export async function putSecret(parts: Parts, request: Request): Promise<unknown> {
  const {
    name = "",
    text = "",
    type = "secret_text",
  } = readJson<{ name: string; text: string; type: string }>(request);
  await changeSecrets(parts, request, { [name]: { type, text } });
  return { name, type };
}

export async function removeSecret(parts: Parts, request: Request): Promise<unknown> {
  await changeSecrets(parts, request, { [request.args[2] ?? ""]: null });
  return null;
}

async function changeSecrets(
  parts: Parts,
  request: Request,
  env: Record<string, { type: string; text: string } | null>,
): Promise<void> {
  const script = scriptOf(parts, request.args[1]);
  if (script.deployments[0]?.versions[0]?.version_id !== script.versions[0]?.id) {
    throw new Refusal(400, 10215, "The latest version of this Worker is not deployed.");
  }
  const version = withSecrets(parts, script, env, {});
  add(parts, script, version, sourceOf(request));
  deploy(parts, script, [{ version_id: version.id, percentage: 100 }], {}, sourceOf(request));
  await parts.state.save();
}

export function readSettings(parts: Parts, { args: [, name] }: Request): unknown {
  const { tags, observability, versions } = scriptOf(parts, name);
  const [newest] = versions;
  const { compatibility_date, compatibility_flags } = newest ?? {};
  const bindings = newest?.bindings.map(hide) ?? [];
  return { tags, observability, logpush: false, bindings, compatibility_date, compatibility_flags };
}

export async function patchSettings(parts: Parts, request: Request): Promise<unknown> {
  const script = scriptOf(parts, request.args[1]);
  const { tags, observability } = readJson<{ tags: string[]; observability: unknown }>(request);
  if (tags) script.tags = tags;
  if (observability !== undefined) script.observability = observability;
  await parts.state.save();
  return { tags: script.tags, observability: script.observability, logpush: false };
}

export async function readWorker(parts: Parts, { args: [, name] }: Request): Promise<unknown> {
  const script = scriptOf(parts, name);
  const { tag: id, tags, created_on, modified_on: updated_on, observability, subdomain } = script;
  const url = await parts.runs.front(script);
  const { domains } = parts.state.data;
  return {
    id,
    name,
    tags,
    created_on,
    updated_on,
    observability: observability ?? {},
    logpush: false,
    tail_consumers: [],
    references: {
      dispatch_namespace_outbounds: [],
      domains: domains.filter(({ service }) => service === name),
      durable_objects: [],
      queues: [],
      workers: [],
    },
    subdomain: { ...subdomain, url: url.href },
  };
}

export function readSubdomain(parts: Parts, { args: [, name] }: Request): unknown {
  return scriptOf(parts, name).subdomain;
}

export async function setSubdomain(parts: Parts, request: Request): Promise<unknown> {
  const script = scriptOf(parts, request.args[1]);
  const { enabled = false, previews_enabled = enabled } = readJson<{ enabled: boolean; previews_enabled: boolean }>(
    request,
  );
  script.subdomain = { enabled, previews_enabled };
  await parts.state.save();
  return script.subdomain;
}

export function listCrons(parts: Parts, { args: [, name] }: Request): unknown {
  return { schedules: scriptOf(parts, name).crons };
}

export async function setCrons(parts: Parts, request: Request): Promise<unknown> {
  const script = scriptOf(parts, request.args[1]);
  const created_on = parts.now().toISOString();
  const crons = Object.values(readJson<{ cron: string }[]>(request)) as { cron: string }[]; // an array is an object too
  script.crons = crons.map(({ cron }) => ({ cron, created_on }));
  await parts.state.save();
  return { schedules: script.crons };
}
