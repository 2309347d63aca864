/**
 * The contract between a build and whoever runs or ships it: `dist/<target>/manifest.json`. Pure data: sorted keys,
 * no timestamps, no machine paths, no stage.
 * @module
 */
import { GodwitError } from "./errors.ts";

export const MANIFEST_VERSION = 1;

export interface Manifest {
  version: typeof MANIFEST_VERSION;
  /** The app's name, from the config or package.json; `app` without either. */
  app: string;
  target: string;
  deployer: string;
  functions: ManifestFunction[];
  front: Front;
  /** The files of `public/`. */
  assets: ManifestFile[];
  /** What the functions need from a cloud, as data. */
  resources: Resource[];
  triggers: ManifestTrigger[];
  /** Names alone; values belong to a stage. `vars` are those that are not secrets. */
  env: { vars: string[]; secrets: string[] };
  verify: VerifyRequest[];
  /** Over all functions, assets, the front and the names: equal hashes are equal artefacts. */
  hash: string;
}

export interface ManifestFunction {
  /** Unique in the manifest: lower-case letters, digits and hyphens, at most 48 characters. */
  id: string;
  role: "handler" | "dispatcher" | "fallback";
  variant: string;
  /** Why these routes are together, and why on this variant. */
  reason: string;
  /** The file that the platform starts, relative to `dist/<target>/`. */
  entry: string;
  /** Everything the function ships, entry included, relative to `dist/<target>/`. */
  files: ManifestFile[];
  /** The zip of those files, where the platform takes one. */
  zip?: ManifestFile;
  /** The sum over `files`. */
  bytes: number;
  /** The sum over `files`, each gzipped alone at level 9. */
  gzipBytes: number;
  routes: ManifestRoute[];
  settings: FunctionSettings;
  /** SHA-256 in hex over the files and settings. */
  hash: string;
}

export interface ManifestRoute {
  pattern: string;
  /** Relative to the app's folder, with forward slashes. */
  file: string;
  /** The methods that the file exports; `*` for a default export. */
  methods: string[];
}

export interface FunctionSettings {
  /** Megabytes of 1,048,576 bytes. */
  memory?: number;
  /** Milliseconds. */
  timeout?: number;
  regions?: string[];
}

export interface ManifestFile {
  path: string;
  bytes: number;
  /** SHA-256, hex. */
  sha256: string;
}

export interface Front {
  /** The platform's word: `http-api`, `worker`, `build-output`, `node`. */
  kind: string;
  /** In the order of precedence, where the platform reads them in order. */
  routes: FrontRoute[];
}

export interface FrontRoute {
  /** In the platform's own syntax: `GET /users/{id}`, `^/users/([^/]+)$`. */
  match: string;
  function: string;
}

export interface Resource {
  kind: string;
  name: string;
  spec: Record<string, unknown>;
}

export interface ManifestTrigger {
  kind: "schedule";
  /** A cron expression of five fields, UTC. */
  schedule: string;
  pattern: string;
  function: string;
}

/** A request that proves a release, and what its answer must be. */
export interface VerifyRequest {
  method: string;
  path: string;
  /** Default: any status under 500. */
  status?: number;
}

/** Reads a manifest. Throws `MANIFEST_INVALID` for anything that is not one of this version. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new GodwitError("MANIFEST_INVALID", "The manifest is not JSON. Build again.", { cause });
  }
  const manifest = value as Partial<Manifest> | null; // checked member by member below
  const whole =
    manifest?.version === MANIFEST_VERSION &&
    typeof manifest.app === "string" &&
    typeof manifest.target === "string" &&
    Array.isArray(manifest.functions) &&
    Array.isArray(manifest.front?.routes) &&
    Array.isArray(manifest.assets);
  if (!whole) {
    throw new GodwitError(
      "MANIFEST_INVALID",
      `The manifest is not of version ${MANIFEST_VERSION}. Build again with this version of Godwit.`,
    );
  }
  return manifest as Manifest;
}

/** Writes any JSON value with sorted keys and two spaces, so that equal values are equal bytes. */
export function printSorted(value: unknown): string {
  const sorted = (_key: string, member: unknown): unknown =>
    member && typeof member === "object" && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member;
  return `${JSON.stringify(value, sorted, 2)}\n`;
}
