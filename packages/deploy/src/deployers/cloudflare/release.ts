/**
 * A release is a version of the Worker in front. It is uploaded beside the live one and has no traffic.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Made, Release } from "../../contracts.ts";
import { uploadAssets } from "./assets.ts";
import { listClasses, wantedClasses } from "./classes.ts";
import { NOTHING_TO_INHERIT } from "./failures.ts";
import { fingerprintOf, toVersionTag } from "./names.ts";
import { frontWorker, type Stage, type StageWorker } from "./stage.ts";
import {
  type Deployment,
  historyOf,
  isEmpty,
  listDeployments,
  listVersions,
  MIGRATED,
  reachable,
  readVersion,
  SCRIPTS,
  type Version,
} from "./state.ts";
import { toBindings, toForm } from "./upload.ts";

/** Releases that can be gone back to, the live one among them: the message of a deployment names no more. */
export const KEPT = 10;

/** Those that were live, or are in part. */
export async function listReleases(stage: Stage): Promise<Release[]> {
  const [deployments, versions] = await Promise.all([listDeployments(stage), listVersions(stage)]);
  const history = historyOf(deployments);
  const shares = sharesOf(deployments);
  return reachable(versions)
    .filter((version) => !isEmpty(version))
    .filter(({ id }) => (shares.get(id) ?? 0) > 0 || history.includes(id.slice(0, 8)))
    .map((version) => toRelease(version, shares))
    .map((release, index) => ({ ...release, kept: release.share > 0 || index < KEPT }));
}

function sharesOf([latest]: readonly Deployment[]): Map<string, number> {
  return new Map(latest?.versions.map(({ version_id, percentage }) => [version_id, percentage / 100]));
}

function toRelease({ id, metadata, annotations }: Version, shares: ReadonlyMap<string, number>): Release {
  return {
    id,
    fingerprint: fingerprintOf(annotations?.["workers/tag"]),
    at: metadata?.created_on ?? "",
    share: shares.get(id) ?? 0,
    kept: true,
  };
}

export async function makeRelease(stage: Stage, made: Made): Promise<Release> {
  const worker = frontWorker(stage);
  if (!worker)
    throw new GodwitError("CLOUDFLARE_NO_ARTEFACT", "There is no artefact to make a release of. Build first.");
  // A secret may have been set since the plan was made.
  await stage.refresh();
  const tag = toVersionTag(stage.fingerprint());
  const find = async (): Promise<Version | undefined> =>
    reachable(await listVersions(stage)).find(({ annotations }) => annotations?.["workers/tag"] === tag);
  const [found, deployments] = await Promise.all([find(), listDeployments(stage)]);
  if (found) return toRelease(found, sharesOf(deployments));

  const [assets, secrets, classes] = await Promise.all([uploadAssets(stage), newSecrets(stage), listClasses(stage)]);
  const wanted = wantedClasses(stage);
  const kept = [...classes.keys()].filter((name) => !wanted.has(name));
  const revision = stage.revision();
  const message = [`godwit: code ${worker.hash.slice(0, 12)}`, revision && `secrets ${revision}`];
  const { client, account, script } = stage;
  const version = await client.call<(Version & { startup_time_ms?: number }) | undefined>({
    name: "upload a version",
    method: "POST",
    path: `/accounts/${account}/workers/scripts/${script}/versions`,
    query: { bindings_inherit: "strict" },
    form: () =>
      toForm(worker, {
        bindings: [...toBindings(worker, stage, made), ...secrets],
        annotations: { "workers/tag": tag, "workers/message": message.filter(Boolean).join(", ") },
        ...(assets && { assets }),
        kept,
      }),
    scope: SCRIPTS,
    patience: 120_000,
    absent: [NOTHING_TO_INHERIT],
    done: find,
  });
  if (!version) {
    throw new GodwitError(
      "CLOUDFLARE_SECRET_GONE",
      `A secret of ${script} was removed while it was deployed: ${stage.secrets.join(", ")}. Set it with godwit secrets set, and deploy again.`,
    );
  }
  checkStartup(stage, worker, version.startup_time_ms);
  return {
    ...toRelease(version, new Map()),
    fingerprint: stage.fingerprint(),
    at: version.metadata?.created_on ?? new Date(stage.input.clock.now()).toISOString(),
  };
}

/** Declared secrets: those that the newest version has are kept by name, the others get the values at hand. */
async function newSecrets(stage: Stage): Promise<{ name: string; type: string; text?: string; version_id?: string }[]> {
  if (stage.secrets.length === 0) return [];
  const { names, from } = await readSecrets(stage);
  return stage.secrets.map((name) => {
    const text = stage.input.secrets[name];
    if (!names.includes(name) && text !== undefined) return { name, type: "secret_text", text };
    return { name, type: "inherit", ...(from !== undefined && { version_id: from }) };
  });
}

/** Of the newest version, since that is what the next one takes them from. */
export async function secretNames(stage: Stage): Promise<string[]> {
  return (await readSecrets(stage)).names;
}

/** `from`: that version's id, where it must be named, since one that was uploaded again stands before it. */
async function readSecrets(stage: Stage): Promise<{ names: string[]; from?: string }> {
  const versions = await listVersions(stage);
  const again = ({ annotations }: Version): boolean => MIGRATED.test(annotations?.["workers/message"] ?? "");
  const newest = versions.find((version) => !again(version)) ?? versions[0];
  if (!newest) return { names: [] };
  const { resources } = await readVersion(stage, newest.id);
  const names = (resources.bindings ?? []).flatMap(({ name, type }) => (type === "secret_text" ? [name] : []));
  return { names: names.sort(), ...(newest !== versions[0] && { from: newest.id }) };
}

/** Rejects what Cloudflare measured as too slow to start. */
export function checkStartup({ settings }: Stage, worker: StageWorker, startup: number | undefined): void {
  if (startup === undefined || startup <= settings.startup) return;
  throw new GodwitError(
    "CLOUDFLARE_STARTUP",
    `${worker.script} takes ${startup} ms to start at Cloudflare, and deploy.cloudflare.startup allows ${settings.startup}. Nothing was switched. godwit build --measure and godwit inspect show what runs at start; load it on first use.`,
  );
}
