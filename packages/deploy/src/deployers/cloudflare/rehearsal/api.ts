/**
 * The calls of Cloudflare's API that this control plane answers, by method and path.
 * @module
 */
import type { Answer, Call } from "../../../rehearsal/server.ts";
import * as files from "./files.ts";
import * as objects from "./objects.ts";
import { type Parts, Refusal, type Request } from "./records.ts";
import * as scripts from "./scripts.ts";
import type { Tails } from "./tails.ts";
import { queryTelemetry } from "./telemetry.ts";
import * as things from "./things.ts";

export const BASE = "/client/v4";

type Handler = (parts: Parts, request: Request) => unknown;

/** A colon begins a part that is handed over. */
const TABLE: Record<string, Handler> = {
  "GET /user": () => ({ id: "rehearsal", email: "rehearsal@example.com" }),
  "GET /user/tokens/verify": () => ({ id: "rehearsal", status: "active" }),
  "GET /memberships": ({ state }) => [{ id: "rehearsal", account: account(state.data.account) }],
  "GET /accounts": ({ state }) => [account(state.data.account)],
  "GET /accounts/:a": ({ state }) => account(state.data.account),

  "GET /accounts/:a/workers/scripts": scripts.listScripts,
  "PUT /accounts/:a/workers/scripts/:n": scripts.putScript,
  "DELETE /accounts/:a/workers/scripts/:n": scripts.removeScript,
  "DELETE /accounts/:a/workers/services/:n": scripts.removeScript,
  "GET /accounts/:a/workers/services/:n": scripts.readService,
  "GET /accounts/:a/workers/scripts/:n/versions": scripts.listVersions,
  "POST /accounts/:a/workers/scripts/:n/versions": scripts.createVersion,
  "GET /accounts/:a/workers/scripts/:n/versions/:v": scripts.readVersion,
  "GET /accounts/:a/workers/scripts/:n/deployments": scripts.listDeployments,
  "POST /accounts/:a/workers/scripts/:n/deployments": scripts.createDeployment,
  "GET /accounts/:a/workers/scripts/:n/secrets": scripts.listSecrets,
  "PUT /accounts/:a/workers/scripts/:n/secrets": scripts.putSecret,
  "DELETE /accounts/:a/workers/scripts/:n/secrets/:s": scripts.removeSecret,
  "GET /accounts/:a/workers/scripts/:n/settings": scripts.readSettings,
  "GET /accounts/:a/workers/scripts/:n/script-settings": scripts.readSettings,
  "PATCH /accounts/:a/workers/scripts/:n/script-settings": scripts.patchSettings,
  "GET /accounts/:a/workers/scripts/:n/subdomain": scripts.readSubdomain,
  "POST /accounts/:a/workers/scripts/:n/subdomain": scripts.setSubdomain,
  "GET /accounts/:a/workers/scripts/:n/schedules": scripts.listCrons,
  "PUT /accounts/:a/workers/scripts/:n/schedules": scripts.setCrons,
  "POST /accounts/:a/workers/scripts/:n/assets-upload-session": files.beginUpload,
  "POST /accounts/:a/workers/assets/upload": files.uploadFiles,
  "GET /accounts/:a/workers/workers/:n": scripts.readWorker,
  "GET /accounts/:a/workers/workers/:n/versions/:v": scripts.readContents,
  "GET /accounts/:a/workers/durable_objects/namespaces": objects.listNamespaces,
  "PATCH /accounts/:a/workers/workers/:n/versions/latest": scripts.patchVersion,
  "GET /accounts/:a/workers/subdomain": () => ({ subdomain: "rehearsal" }),
  "POST /accounts/:a/workers/observability/telemetry/query": queryTelemetry,

  "GET /accounts/:a/workers/domains": things.listDomains,
  "PUT /accounts/:a/workers/domains": things.setDomain,
  "DELETE /accounts/:a/workers/domains/:d": things.removeDomain,
  "GET /accounts/:a/storage/kv/namespaces": things.listNamespaces,
  "POST /accounts/:a/storage/kv/namespaces": things.createNamespace,
  "GET /accounts/:a/storage/kv/namespaces/:k": things.readNamespace,
  "DELETE /accounts/:a/storage/kv/namespaces/:k": things.removeNamespace,
  "PUT /accounts/:a/storage/kv/namespaces/:k/values/:v": things.writeValue,
  "GET /accounts/:a/r2/buckets/:b": things.readBucket,
  "POST /accounts/:a/r2/buckets": things.createBucket,
  "GET /accounts/:a/d1/database": things.listDatabases,
  "POST /accounts/:a/d1/database": things.createDatabase,
  "GET /accounts/:a/queues": things.listQueues,
  "POST /accounts/:a/queues": things.createQueue,
  "GET /zones": things.listZones,
  "GET /zones/:z/workers/routes": things.listRoutes,
  "POST /zones/:z/workers/routes": things.createRoute,
  "DELETE /zones/:z/workers/routes/:r": things.removeRoute,
};

const VALUE = "GET /accounts/:a/storage/kv/namespaces/:k/values/:v";
const TAIL = "POST /accounts/:a/workers/scripts/:n/tails";
const END = "DELETE /accounts/:a/workers/scripts/:n/tails/:t";
/** Authorised by the session's own token. */
const UPLOAD = "POST /accounts/:a/workers/assets/upload";

function account(id: string): object {
  return { id, name: "Rehearsal", type: "standard" };
}

interface Found {
  name: string;
  args: string[];
}

const PATTERNS = [...Object.keys(TABLE), VALUE, TAIL, END].map((name) => ({ name, words: name.split("/") }));

function find({ method, path }: Call): Found | undefined {
  if (!path.startsWith(`${BASE}/`)) return undefined;
  const words = `${method} ${path.slice(BASE.length)}`.split("/");
  let best: Found | undefined;
  for (const pattern of PATTERNS) {
    if (pattern.words.length !== words.length) continue;
    const args = words.filter((_, at) => pattern.words[at]?.startsWith(":"));
    const fits = pattern.words.every((word, at) => word.startsWith(":") || word === words[at]);
    // Fixed words win: `workers/subdomain` is no Worker.
    if (fits && (!best || args.length < best.args.length)) best = { name: pattern.name, args };
  }
  return best;
}

/** `PUT workers/scripts/:n`: what faults and tests call it. */
export function nameOf(call: Call): string {
  const name = find(call)?.name;
  return name ? name.replace("/accounts/:a/", "").replace(" /", " ") : `${call.method} ${call.path}`;
}

export async function handle(parts: Parts, tails: Tails, call: Call): Promise<Answer> {
  const found = find(call);
  if (!found)
    throw new Refusal(404, 7003, `Could not route to ${call.path}, perhaps your object identifier is invalid?`);
  const { data } = parts.state;
  const { name, args } = found;
  if (name !== UPLOAD && call.headers.authorization !== `Bearer ${data.token}`) {
    throw new Refusal(401, 10000, "Authentication error");
  }
  if (name.includes("/:a") && args[0] !== data.account) throw new Refusal(403, 10000, "Authentication error");
  const request: Request = { ...call, args };
  if (name === VALUE) return { status: 200, body: Buffer.from(things.readValue(parts, request)) };
  const result = await (name === TAIL
    ? tails.open(args[1] ?? "")
    : name === END
      ? tails.end(args[2] ?? "")
      : TABLE[name]?.(parts, request));
  const status = name === UPLOAD ? 201 : 200;
  return {
    status,
    body: { success: true, errors: [], messages: [], result: result ?? null, ...pageOf(result, request) },
  };
}

/** What the cloudflare clients look for beside a list. */
function pageOf(result: unknown, { query }: Request): object {
  if (!Array.isArray(result)) return {};
  const page = Number(query.get("page") ?? 1);
  const per_page = Number(query.get("per_page") ?? 100);
  return { result_info: { page, per_page, count: result.length, total_count: result.length } };
}
