/**
 * What a release of this artefact would be, and its files as they are sent.
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BuiltArtefact } from "../../contracts.ts";
import { artefactChanged } from "../../engine/errors.ts";
import { hashOf } from "../../engine/names.ts";
import type { Stage } from "./stage.ts";
import type { ReleaseFile, ReleaseSettings, ShippedFile } from "./supervisor/words.ts";

/** Beside the server, and in no manifest: it says of which kind the modules are. */
const BESIDE = "package.json";

export function settingsOf({ settings, place, input }: Stage): ReleaseSettings {
  const { listen, workers, drain, start, health, port, ports } = settings;
  const own = Object.hasOwn(ports, place.stage) ? ports[place.stage] : undefined;
  return {
    port: own ?? (place.stage === "production" ? port : 0),
    ...(listen !== undefined && { listen }),
    ...(health !== undefined && { health }),
    workers,
    drain,
    start,
    vars: input.vars,
  };
}

export function fingerprintOf(stage: Stage): string {
  const { artefact } = stage.input;
  if (!artefact) return "";
  const { hash, env } = artefact.manifest;
  return hashOf({ hash, settings: settingsOf(stage), secrets: [...env.secrets].sort() });
}

/** All but the files and the id: what a plan compares. */
export function describe(stage: Stage, { manifest }: BuiltArtefact): Omit<ReleaseFile, "id" | "at" | "files"> {
  return {
    app: stage.place.app,
    stage: stage.place.stage,
    fingerprint: fingerprintOf(stage),
    hash: manifest.hash,
    function: manifest.functions[0]?.id ?? "server",
    secrets: [...manifest.env.secrets].sort(),
    schedules: manifest.triggers.map(({ schedule, pattern }) => `${schedule} ${pattern}`).sort(),
    settings: settingsOf(stage),
  };
}

/**
 * The files of the manifest, and what says how Node reads them: whatever else lies there is nobody's to ship. Throws
 * DEPLOY_ARTEFACT_CHANGED where one is not as the manifest says.
 */
export async function readFiles({ root, manifest }: BuiltArtefact): Promise<ShippedFile[]> {
  const known = new Map<string, string | undefined>([[BESIDE, undefined]]);
  for (const { path, sha256 } of [...manifest.functions.flatMap((fn) => fn.files), ...manifest.assets]) {
    known.set(path, sha256);
  }
  const files: ShippedFile[] = [];
  for (const [path, wanted] of known) {
    const bytes = await readFile(join(root, path)).catch(() => undefined);
    if (!bytes) throw artefactChanged(path);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (wanted !== undefined && wanted !== sha256) throw artefactChanged(path);
    files.push({ path, bytes: bytes.length, sha256 });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Their bytes, one after the other. */
export async function* readBytes(root: string, files: readonly ShippedFile[]): AsyncIterable<Uint8Array> {
  for (const { path, bytes } of files) {
    let sent = 0;
    for await (const chunk of createReadStream(join(root, path))) {
      sent += chunk.length;
      if (sent > bytes) break;
      yield chunk;
    }
    if (sent !== bytes) throw artefactChanged(path);
  }
}

/** `20261121-081500-ab12cd34`. */
export function toId(time: number, fingerprint: string, taken: ReadonlySet<string>): string {
  const at = new Date(time).toISOString().replace(/\D/g, "");
  const id = `${at.slice(0, 8)}-${at.slice(8, 14)}-${fingerprint.slice(0, 8)}`;
  for (let count = 2; ; count++) {
    const name = count === 2 && !taken.has(id) ? id : `${id}-${count}`;
    if (!taken.has(name)) return name;
  }
}
