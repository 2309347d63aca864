/**
 * Vercel's REST API, as far as the deployer and the `vercel` command call it.
 * https://vercel.com/docs/rest-api
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import type { Answer, Call } from "../../../rehearsal/server.ts";
import { type DeploymentRecord, newId, type ProjectRecord, type ProjectSettings, toProduction } from "./records.ts";
import { type Parts, Refusal, readJson } from "./request.ts";
import { handleRolling } from "./rolling.ts";
import { onePage, showBypass, showDeployment, showDomain, showEnv, showProject, team, user } from "./shapes.ts";

const ok = (body: object): Answer => ({ status: 200, body });

type Handler = (parts: Parts, call: Call, ...found: string[]) => Promise<Answer>;

/** Method and path; each group is handed over. The version in front is whatever the client took. */
const ROUTES: readonly [string, RegExp, Handler][] = [
  ["GET", /^\/v\d+\/user$/, async () => ok({ user })],
  ["GET", /^\/(?:v\d+\/)?teams$/, async () => ok({ teams: [team], pagination: onePage([team]) })],
  ["GET", /^\/(?:v\d+\/)?teams\/[^/]+$/, async () => ok(team)],
  ["POST", /^\/v\d+\/projects$/, createProject],
  ["GET", /^\/v\d+\/projects\/([^/]+)$/, async (parts, _call, name) => ok(await describe(parts, project(parts, name)))],
  ["PATCH", /^\/v\d+\/projects\/([^/]+)$/, changeProject],
  ["DELETE", /^\/v\d+\/projects\/([^/]+)$/, removeProject],
  [
    "GET",
    /^\/v\d+\/projects\/([^/]+)\/env$/,
    async (parts, _call, name) => ok({ envs: project(parts, name).env.map(showEnv), hiddenProductionEnvCount: 0 }),
  ],
  ["POST", /^\/v\d+\/projects\/([^/]+)\/env$/, addEnv],
  ["PATCH", /^\/v\d+\/projects\/([^/]+)\/env\/([^/]+)$/, changeEnv],
  ["DELETE", /^\/v\d+\/projects\/([^/]+)\/env\/([^/]+)$/, removeEnv],
  [
    "GET",
    /^\/v\d+\/projects\/([^/]+)\/domains$/,
    async (parts, _call, name) => {
      const record = project(parts, name);
      return ok({ domains: record.domains.map((one) => showDomain(record, one)), pagination: onePage(record.domains) });
    },
  ],
  ["POST", /^\/v\d+\/projects\/([^/]+)\/domains$/, addDomain],
  ["DELETE", /^\/v\d+\/projects\/([^/]+)\/domains\/([^/]+)$/, removeDomain],
  ["PATCH", /^\/v\d+\/projects\/([^/]+)\/protection-bypass$/, makeBypass],
  ["POST", /^\/v\d+\/projects\/([^/]+)\/(promote|rollback)\/([^/]+)$/, move],
  [
    "GET",
    /^\/v\d+\/projects\/([^/]+)\/(?:promote|rollback)\/aliases$/,
    async () => ok({ aliases: [], pagination: onePage([]) }),
  ],
  ["GET", /^\/v\d+\/projects\/([^/]+)\/deployments\/([^/]+)\/runtime-logs$/, readLogs],
  ["POST", /^\/v\d+\/files$/, putFile],
  ["POST", /^\/v\d+\/deployments$/, createDeployment],
  ["GET", /^\/v\d+\/deployments$/, listDeployments],
  [
    "GET",
    /^\/v\d+\/(?:now\/)?deployments\/([^/]+)$/,
    async (parts, _call, id) => ok(await describeDeployment(parts, deployment(parts, id))),
  ],
  ["GET", /^\/v\d+\/now\/deployments\/([^/]+)\/events$/, async () => ({ status: 200, body: new Uint8Array() })],
];

export async function handle(parts: Parts, call: Call): Promise<Answer> {
  if (!/^Bearer \S+$/.test(call.headers.authorization ?? "")) {
    throw new Refusal(401, "missing_token", "No authentication token.");
  }
  for (const [method, path, handler] of ROUTES) {
    const found = method === call.method ? path.exec(call.path) : null;
    if (found) return handler(parts, call, ...found.slice(1));
  }
  const rolling = /^\/v1\/projects\/([^/]+)\/rolling-release(\/[a-z-]+)?$/.exec(call.path);
  if (rolling) return handleRolling(parts, call, project(parts, rolling[1]), rolling[2] ?? "");
  throw new Refusal(404, "not_found", `The rehearsal has no ${call.method} ${call.path}.`);
}

function project({ state }: Parts, name = ""): ProjectRecord {
  const found = state.data.projects[name] ?? Object.values(state.data.projects).find((one) => one.name === name);
  if (found) return found;
  throw new Refusal(404, "not_found", "Project not found.");
}

function deployment({ state }: Parts, name = ""): DeploymentRecord {
  const found = state.data.deployments[name];
  if (found) return found;
  throw new Refusal(404, "not_found", "Deployment not found.");
}

async function describe({ runs, state }: Parts, record: ProjectRecord): Promise<object> {
  return showProject(record, await runs.front(record), state.data.deployments[record.production ?? ""]);
}

async function describeDeployment(parts: Parts, record: DeploymentRecord): Promise<object> {
  const { production, past = [] } = parts.state.data.projects[record.projectId] ?? {};
  return showDeployment(record, await parts.runs.hostOf(record.id), [production, ...past].includes(record.id));
}

async function createProject(parts: Parts, call: Call): Promise<Answer> {
  const { state, now } = parts;
  const { name = "" } = readJson<{ name: string }>(call);
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name))
    throw new Refusal(400, "invalid_name", "The project's name is invalid.");
  if (Object.values(state.data.projects).some((one) => one.name === name)) {
    throw new Refusal(409, "conflict", `Project "${name}" already exists.`);
  }
  const record: ProjectRecord = { id: newId("prj"), name, createdAt: now(), env: [], domains: [] };
  state.data.projects[record.id] = record;
  await state.save();
  return ok(await describe(parts, record));
}

async function changeProject(parts: Parts, call: Call, name?: string): Promise<Answer> {
  const record = project(parts, name);
  const { framework, rootDirectory, nodeVersion, ...others } = readJson<ProjectSettings>(call);
  const [other] = Object.keys(others);
  if (other !== undefined) throw new Refusal(400, "bad_request", `The rehearsal changes no ${other} of a project.`);
  record.settings = {
    ...record.settings,
    ...(framework !== undefined && { framework }),
    ...(rootDirectory !== undefined && { rootDirectory }),
    ...(nodeVersion !== undefined && { nodeVersion }),
  };
  record.updatedAt = parts.now();
  await parts.state.save();
  return ok(await describe(parts, record));
}

async function removeProject(parts: Parts, _call: Call, name?: string): Promise<Answer> {
  const { state } = parts;
  const { id } = project(parts, name);
  delete state.data.projects[id];
  for (const one of Object.values(state.data.deployments))
    if (one.projectId === id) delete state.data.deployments[one.id];
  await state.save();
  return { status: 204 };
}

async function addEnv(parts: Parts, call: Call, name?: string): Promise<Answer> {
  const { state, now } = parts;
  const record = project(parts, name);
  const { key = "", value = "", type = "", target = [] } = readJson<ProjectRecord["env"][number]>(call);
  if (!/^[A-Za-z_]\w*$/.test(key)) throw new Refusal(400, "INVALID_KEY", "The key is invalid.");
  if (!["plain", "encrypted", "sensitive"].includes(type))
    throw new Refusal(400, "bad_request", "The type is invalid.");
  const known = record.env.find((one) => one.key === key && one.target.some((each) => target.includes(each)));
  if (known && call.query.get("upsert") !== "true") {
    throw new Refusal(400, "ENV_ALREADY_EXISTS", `A variable with the name ${key} already exists for the target.`);
  }
  const made = {
    id: known?.id ?? newId("env"),
    key,
    value,
    type,
    target,
    createdAt: known?.createdAt ?? now(),
    updatedAt: now(),
  };
  record.env = [...record.env.filter((one) => one !== known), made];
  await state.save();
  return { status: 201, body: { created: showEnv(made), failed: [] } };
}

async function changeEnv(parts: Parts, call: Call, name?: string, id?: string): Promise<Answer> {
  const { state, now } = parts;
  const known = project(parts, name).env.find((one) => one.id === id);
  if (!known) throw new Refusal(404, "not_found", "The variable was not found.");
  const { value = known.value, type = known.type, target = known.target } = readJson<typeof known>(call);
  Object.assign(known, { value, type, target, updatedAt: now() });
  await state.save();
  return ok(showEnv(known));
}

async function removeEnv(parts: Parts, _call: Call, name?: string, id?: string): Promise<Answer> {
  const record = project(parts, name);
  const known = record.env.find((one) => one.id === id);
  if (!known) throw new Refusal(404, "not_found", "The variable was not found.");
  record.env = record.env.filter((one) => one !== known);
  await parts.state.save();
  return ok(showEnv(known));
}

async function addDomain(parts: Parts, call: Call, name?: string): Promise<Answer> {
  const { state } = parts;
  const record = project(parts, name);
  const { name: domain = "" } = readJson<{ name: string }>(call);
  const taken = Object.values(state.data.projects).some((one) => one.domains.some((each) => each.name === domain));
  if (taken) throw new Refusal(409, "domain_already_in_use", `The domain ${domain} is in use.`);
  const made = { name: domain, verified: true };
  record.domains.push(made);
  await state.save();
  return ok(showDomain(record, made));
}

async function removeDomain(parts: Parts, _call: Call, name?: string, domain?: string): Promise<Answer> {
  const record = project(parts, name);
  record.domains = record.domains.filter((one) => one.name !== domain);
  await parts.state.save();
  return ok({});
}

async function makeBypass(parts: Parts, _call: Call, name?: string): Promise<Answer> {
  const record = project(parts, name);
  record.bypass = { secret: randomBytes(16).toString("hex"), createdAt: parts.now() };
  await parts.state.save();
  return ok({ protectionBypass: showBypass(record.bypass) });
}

async function move(parts: Parts, _call: Call, name?: string, type = "", id = ""): Promise<Answer> {
  const { state, now } = parts;
  const record = project(parts, name);
  const { target } = deployment(parts, id);
  if (target !== "production") throw new Refusal(400, "bad_request", "Only a production deployment can be promoted.");
  if (type === "promote" && record.rolling?.state === "ACTIVE") {
    throw new Refusal(409, "rolling_release_active", "A rolling release is on its way.");
  }
  if (record.rolling?.state === "ACTIVE") record.rolling.state = "ABORTED";
  const { production: fromDeploymentId = null } = record;
  toProduction(record, id);
  record.lastAlias = { jobStatus: "succeeded", requestedAt: now(), fromDeploymentId, toDeploymentId: id, type };
  await state.save();
  return { status: 201, body: {} };
}

/** Nobody here knows which request a line is of: it is told with the address of its function. */
async function readLogs({ runs }: Parts, _call: Call, _name?: string, id = ""): Promise<Answer> {
  const rows = await Promise.all(
    runs.logs(id).map(async ({ at, text, function: name, row }) => ({
      rowId: row,
      timestampInMs: at,
      domain: await runs.hostOf(id),
      message: text,
      messageTruncated: false,
      level: "info",
      source: "serverless",
      requestMethod: "GET",
      requestPath: `/${name}`,
      responseStatusCode: 0,
    })),
  );
  return { status: 200, body: Buffer.from(rows.map((one) => `${JSON.stringify(one)}\n`).join("")) };
}

async function putFile({ state }: Parts, { headers, body }: Call): Promise<Answer> {
  const digest = String(headers["x-now-digest"] ?? headers["x-vercel-digest"] ?? "");
  if (createHash("sha1").update(body).digest("hex") !== digest) {
    throw new Refusal(400, "bad_request", "The digest is not that of the file.");
  }
  await state.putBlob(digest, body);
  return ok({ urls: [] });
}

interface DeploymentRequest {
  name: string;
  project: string;
  target: string;
  meta: Record<string, string>;
  env: Record<string, string>;
  files: { file: string; sha: string; size: number }[];
  autoAssignCustomDomains: boolean;
}

async function createDeployment(parts: Parts, call: Call): Promise<Answer> {
  const { state, now } = parts;
  const asked = readJson<DeploymentRequest>(call);
  const { name = "", target = null, meta = {}, files = [], env = {}, autoAssignCustomDomains = true } = asked;
  const record = project(parts, asked.project ?? name);
  const missing: string[] = [];
  for (const { sha } of files) if (!(await state.blob(sha))) missing.push(sha);
  if (missing.length) {
    throw new Refusal(400, "missing_files", "Missing files", { missing: [...new Set(missing)] });
  }
  if (!files.some(({ file }) => file === ".vercel/output/config.json")) {
    throw new Refusal(400, "bad_request", "A prebuilt deployment has .vercel/output/config.json.");
  }
  const stored = record.env.filter((one) => one.target.includes(target ?? "preview"));
  const made: DeploymentRecord = {
    id: newId("dpl"),
    projectId: record.id,
    name: record.name,
    createdAt: now(),
    target,
    meta,
    files: files.map(({ file, sha, size }) => ({ file, sha, size })),
    env: { ...Object.fromEntries(stored.map(({ key, value }) => [key, value])), ...env },
  };
  state.data.deployments[made.id] = made;
  if (target === "production" && autoAssignCustomDomains) toProduction(record, made.id);
  await state.save();
  return ok(await describeDeployment(parts, made));
}

/** The newest first; `until` is where a page begins. */
async function listDeployments(parts: Parts, { query }: Call): Promise<Answer> {
  const { state } = parts;
  const limit = Math.min(100, Number(query.get("limit") ?? 20));
  const until = Number(query.get("until") ?? Number.POSITIVE_INFINITY);
  const target = query.get("target");
  const found = Object.values(state.data.deployments)
    .filter(({ projectId }) => !query.has("projectId") || query.get("projectId") === projectId)
    .filter((one) => (target === null || one.target === target) && one.createdAt < until)
    .sort((a, b) => b.createdAt - a.createdAt);
  const page = found.slice(0, limit);
  const shown = await Promise.all(page.map((one) => describeDeployment(parts, one)));
  const next = found.length > page.length ? (page.at(-1)?.createdAt ?? null) : null;
  return ok({ deployments: shown, pagination: { count: shown.length, next, prev: null } });
}
