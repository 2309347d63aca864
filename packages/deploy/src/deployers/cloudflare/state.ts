/**
 * What is live: the account's Workers of this app and stage, the front's versions and its deployments.
 * @module
 */
import type { Client } from "./client.ts";
import { NO_WORKER } from "./failures.ts";
import { EMPTY_TAG, type Owner } from "./names.ts";

export const SCRIPTS = "Workers Scripts: Edit";

/** developers.cloudflare.com/api/resources/workers/subresources/scripts */
export interface Script {
  id: string;
  tags?: string[] | null;
  routes?: { id?: string; pattern: string; script?: string }[] | null;
  /** Of its Durable Objects. */
  migration_tag?: string | null;
}

export interface Version {
  id: string;
  number?: number;
  metadata?: { created_on?: string };
  annotations?: Record<string, string> | null;
}

export interface VersionDetail extends Version {
  resources: {
    bindings?: ({ name: string; type: string } & Record<string, unknown>)[] | null;
    script?: { etag?: string };
    script_runtime?: { compatibility_date?: string; compatibility_flags?: string[] };
  };
}

export interface Deployment {
  id: string;
  created_on: string;
  versions: { version_id: string; percentage: number }[];
  annotations?: Record<string, string> | null;
}

export interface Subdomain {
  enabled: boolean;
  previews_enabled?: boolean;
  url?: string;
}

/** Where a stage's things are. */
export interface Place extends Owner {
  client: Client;
  account: string;
  /** The Worker in front. */
  script: string;
}

/** Every Worker of the account: one call, not paged. */
export function listScripts({ client, account }: Pick<Place, "client" | "account">): Promise<Script[]> {
  const path = `/accounts/${account}/workers/scripts`;
  return client.get({ name: "list the Workers", path, scope: SCRIPTS });
}

/** The newest first; none for a Worker that is not there. */
export async function listDeployments({ client, account, script }: Place): Promise<Deployment[]> {
  const path = `/accounts/${account}/workers/scripts/${script}/deployments`;
  const absent = [NO_WORKER];
  const found = await client.get<{ deployments: Deployment[] } | undefined>({
    name: "list the deployments",
    path,
    scope: SCRIPTS,
    absent,
  });
  return [...(found?.deployments ?? [])].sort((a, b) => (a.created_on < b.created_on ? 1 : -1));
}

/** Those that can still be deployed, the newest first; Cloudflare keeps a hundred. */
export async function listVersions({ client, account, script }: Place): Promise<Version[]> {
  const path = `/accounts/${account}/workers/scripts/${script}/versions`;
  const found = await client.get<{ items: Version[] } | undefined>({
    name: "list the versions",
    path,
    query: { deployable: "true" },
    scope: SCRIPTS,
    absent: [NO_WORKER],
  });
  return found?.items ?? [];
}

export function readVersion({ client, account, script }: Place, id: string): Promise<VersionDetail> {
  const path = `/accounts/${account}/workers/scripts/${script}/versions/${id}`;
  return client.get({ name: "read a version", path, scope: SCRIPTS });
}

/** Where the Worker answers on workers.dev, and whether it does. */
export async function readSubdomain({ client, account, script }: Place): Promise<Subdomain | undefined> {
  const path = `/accounts/${account}/workers/workers/${script}`;
  const worker = await client.get<{ subdomain?: Subdomain } | undefined>({
    name: "read the Worker",
    path,
    scope: SCRIPTS,
    absent: [],
  });
  return worker && { ...worker.subdomain, enabled: worker.subdomain?.enabled ?? false };
}

export async function workersDev(place: Place, subdomain: Subdomain | undefined): Promise<URL> {
  if (subdomain?.url) return new URL(subdomain.url);
  const { client, account, script } = place;
  const path = `/accounts/${account}/workers/subdomain`;
  const own = await client.get<{ subdomain: string }>({ name: "read the account's subdomain", path, scope: SCRIPTS });
  return new URL(`https://${script}.${own.subdomain}.workers.dev/`);
}

/** A rehearsal has one address for a Worker, on this machine, and no domain leads there. */
export function isLocal(subdomain: Subdomain | undefined): boolean {
  return subdomain?.url?.startsWith("http:") ?? false;
}

/** `<id of the live version, 8 digits> stays`: what a canary's or a candidate's deployment says of itself. */
const STAYS = /^godwit: ([0-9a-f]{8}) stays/;
const BEFORE = /before: ([0-9a-f ]+)$/;

/** The version that takes what no canary takes. */
export function liveOf(deployments: readonly Deployment[]): string | undefined {
  const [latest] = deployments;
  if (!latest) return undefined;
  const stays = STAYS.exec(latest.annotations?.["workers/message"] ?? "")?.[1];
  const most = [...latest.versions].sort((a, b) => b.percentage - a.percentage)[0];
  return (latest.versions.find(({ version_id }) => stays && version_id.startsWith(stays)) ?? most)?.version_id;
}

/** Versions that were wholly live, the last one first, by the first eight digits of their ids. */
export function historyOf(deployments: readonly Deployment[]): string[] {
  const ids = deployments.flatMap(({ versions, annotations }) => {
    const whole = versions
      .filter(({ percentage }) => percentage === 100)
      .map(({ version_id }) => version_id.slice(0, 8));
    const before = BEFORE.exec(annotations?.["workers/message"] ?? "")?.[1]?.split(" ") ?? [];
    return [...whole, ...before];
  });
  return [...new Set(ids)];
}

/** In the message of a version that changed the classes of Durable Objects. */
export const MIGRATED: RegExp = /, classes changed$/;

/** Without those from before a change of classes, to which Cloudflare does not go back. The newest first. */
export function reachable<V extends Version>(versions: readonly V[]): V[] {
  const last = versions.findIndex(({ annotations }) => MIGRATED.test(annotations?.["workers/message"] ?? ""));
  return last < 0 ? [...versions] : versions.slice(0, last + 1);
}

export function isEmpty({ annotations }: Version): boolean {
  return annotations?.["workers/tag"] === EMPTY_TAG;
}
