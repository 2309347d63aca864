/**
 * Names and tags by which an app's things are found again in the account.
 * @module
 */
import { hashOf, toName } from "../../engine/names.ts";

/** The stage whose Worker has the plain name, so that `wrangler deploy` on the artefact means the same one. */
export const PRODUCTION = "production";

/** A label of `workers.dev`. */
const LONGEST = 63;

/** As wrangler names a Worker of an environment: `<name>-<stage>`. */
export function toScript(name: string, stage: string): string {
  return stage === PRODUCTION ? toName([name], LONGEST) : toName([name, stage], LONGEST);
}

/** A Worker behind the one in front: no service binding can name a version, so the name does. */
export function toPartScript(script: string, id: string, hash: string): string {
  return toName([script, id, hash.slice(0, 10)], LONGEST);
}

/** Buckets, databases and queues that the config names: other stages have their own. */
export function toStageName(name: string, stage: string): string {
  return stage === PRODUCTION ? name : `${name}-${stage}`;
}

/** KV namespaces have a title and nothing else that could say whose they are. */
export function toTitle(script: string, binding: string): string {
  return `${script}/${binding}`;
}

/** As the build names a Worker without `cloudflare.name`. */
export function toScriptName(text: string): string {
  const name = text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return name.replace(/^-/, "").slice(0, LONGEST).replace(/-$/, "") || "app";
}

export interface Owner {
  app: string;
  stage: string;
}

export type Role = "front" | "part";

/** The tag of every Worker that Godwit made. */
export const MARK = "godwit";

/** Tags of a Worker. Commas separate them in the API's filter. */
export function toTags({ app, stage }: Owner, role: Role): string[] {
  return [MARK, `godwit:app=${toLabel(app)}`, `godwit:stage=${toLabel(stage)}`, `godwit:${role}`];
}

/** Names that look alike once they are plain stay apart. */
function toLabel(text: string): string {
  const plain = toScriptName(text);
  return plain === text ? plain : `${plain}-${hashOf(text).slice(0, 8)}`;
}

export function ownedBy(tags: readonly string[] | null | undefined, owner: Owner, role: Role): boolean {
  return toTags(owner, role).every((tag) => tags?.includes(tag));
}

/** `workers/tag` of a version takes 100 bytes, and wrangler's list shows 25 well: 22 of the fingerprint are 88 bits. */
export function toVersionTag(fingerprint: string): string {
  return `gw-${fingerprint}`;
}

export const FINGERPRINT_LENGTH = 22;
/** The version that a Worker begins with, which answers 503 until the first release. */
export const EMPTY_TAG = "gw-empty";
/** The version that a changed secret makes. */
export const SECRET_TAG = "gw-secret";

/** A release's fingerprint; empty for a version that Godwit did not make. */
export function fingerprintOf(tag: string | undefined): string {
  return tag && /^gw-[0-9a-f]{22}$/.test(tag) ? tag.slice(3) : "";
}
