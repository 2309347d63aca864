/**
 * Which version answers: deployments of the Worker in front, each one call that takes effect as a whole.
 * @module
 */
import type { Candidate, Release } from "../../contracts.ts";
import { nothingDeployed } from "../../engine/errors.ts";
import { waitFor } from "../../engine/retry.ts";
import { devOf } from "./addresses.ts";
import { SECRETS_DIFFER } from "./failures.ts";
import { deploymentMoved } from "./migration.ts";
import { KEPT, listReleases } from "./release.ts";
import type { Stage } from "./stage.ts";
import {
  type Deployment,
  historyOf,
  isEmpty,
  isLocal,
  listDeployments,
  listVersions,
  liveOf,
  readSubdomain,
  readVersion,
  SCRIPTS,
  workersDev,
} from "./state.ts";
import { EMPTY_HEADER } from "./upload.ts";
import { listParts, removeScript } from "./worker.ts";

type Split = Deployment["versions"];

/** Milliseconds until a new address answers, and for one answer of it. */
const PROPAGATION = 60_000;
const PATIENCE = 10_000;

export interface Traffic {
  candidate(release: Release): Promise<Candidate>;
  switch(release: Release, share?: number): Promise<void>;
  reset(): Promise<void>;
  urls(): Promise<URL[]>;
}

/** `domains` are those that lead to the Worker now. */
export function createTraffic(stage: Stage, domains: () => Promise<string[]>): Traffic {
  const { client, account, script, seen } = stage;
  const at = `/accounts/${account}/workers/scripts/${script}`;
  /** workers.dev was opened for the verification alone. */
  let opened = false;

  async function look(): Promise<{ latest: Deployment; live: string; history: string[] }> {
    const deployments = await listDeployments(stage);
    const live = liveOf(deployments);
    const [latest] = deployments;
    if (!latest || !live) throw nothingDeployed(stage.app, stage.stage, "Cloudflare");
    if (seen.deployment !== undefined && seen.deployment !== latest.id) throw deploymentMoved(script);
    seen.deployment = latest.id;
    return { latest, live, history: historyOf(deployments) };
  }

  async function deploy(versions: Split, message: string, before: readonly string[]): Promise<void> {
    const kept = before.slice(0, KEPT - 1).join(" ");
    const body = {
      strategy: "percentage",
      versions,
      annotations: { "workers/message": `godwit: ${message}${kept && `, before: ${kept}`}` },
    };
    const post = (force: boolean): Promise<Deployment | undefined> =>
      client.call<Deployment | undefined>({
        name: "deploy versions",
        method: "POST",
        path: `${at}/deployments`,
        ...(force && { query: { force: "true" } }),
        json: body,
        scope: SCRIPTS,
        ...(!force && { absent: [SECRETS_DIFFER] }),
        done: async () => {
          const [latest] = await listDeployments(stage);
          return latest && latest.id !== seen.deployment && equal(latest.versions, versions) ? latest : undefined;
        },
      });
    let made = await post(false);
    if (!made) {
      stage.input.warn(`The release has secrets of its own time, and ${script} serves with those again.`);
      made = await post(true);
    }
    seen.deployment = made?.id;
  }

  async function setSubdomain(enabled: boolean): Promise<void> {
    await client.call<unknown>({
      name: enabled ? "enable workers.dev" : "disable workers.dev",
      method: "POST",
      path: `${at}/subdomain`,
      json: { enabled, previews_enabled: false },
      scope: SCRIPTS,
    });
  }

  /** `stays`: it was not opened for the verification alone. */
  async function close(stays: boolean): Promise<void> {
    if (opened && !stays) await setSubdomain(false);
    opened = false;
  }

  /** An address that was just opened is not known everywhere at once, and answers 404 for a while. */
  async function waitUntilThere(url: URL): Promise<void> {
    const { clock, signal } = stage.input;
    const look = async (): Promise<true | undefined> => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
      const response = await fetch(url, { redirect: "manual", signal: limit }).catch(() => undefined);
      signal.throwIfAborted();
      await response?.body?.cancel();
      return response?.headers.has(EMPTY_HEADER) ? true : undefined;
    };
    await waitFor(`An answer of ${url}`, look, { clock, signal, deadline: PROPAGATION });
  }

  /** Parts that none of the kept releases names. What goes wrong here is mended by the next deploy. */
  async function prune(): Promise<void> {
    const parts = await listParts(stage);
    if (parts.length === 0) return;
    const kept = (await listReleases(stage)).filter((release) => release.kept);
    const versions = await Promise.all(kept.map(({ id }) => readVersion(stage, id)));
    const named = new Set(
      versions.flatMap(({ resources }) => (resources.bindings ?? []).map(({ service }) => service)),
    );
    for (const { script: own } of stage.workers) named.add(own);
    await Promise.all(parts.filter((part) => !named.has(part)).map((part) => removeScript(stage, part)));
  }

  return {
    async candidate({ id }) {
      const { latest, live, history } = await look();
      if (!latest.versions.some(({ version_id }) => version_id === id)) {
        const versions = [
          { version_id: live, percentage: 100 },
          { version_id: id, percentage: 0 },
        ];
        await deploy(versions, `${live.slice(0, 8)} stays`, history);
      }
      const [subdomain, own] = await Promise.all([readSubdomain(stage), domains()]);
      const headers = { "Cloudflare-Workers-Version-Overrides": `${script}="${id}"` };
      if (!subdomain?.enabled && own[0] && !isLocal(subdomain)) return { url: new URL(`https://${own[0]}/`), headers };
      if (!subdomain?.enabled && own.length === 0) {
        await setSubdomain(true);
        opened = true;
        // What an app answers there, its verification judges.
        const isFirst = (await listVersions(stage)).some((version) => version.id === live && isEmpty(version));
        if (isFirst) await waitUntilThere(await workersDev(stage, subdomain));
      }
      return { url: await workersDev(stage, subdomain ?? (await readSubdomain(stage))), headers };
    },

    async switch({ id }, share = 1) {
      const { latest, live, history } = await look();
      const percentage = Math.round(share * 10_000) / 100;
      const versions: Split =
        percentage === 100 || id === live
          ? [{ version_id: id, percentage: 100 }]
          : [
              { version_id: live, percentage: 100 - percentage },
              { version_id: id, percentage },
            ];
      const whole = versions.length === 1;
      const message = whole ? `${id.slice(0, 8)} is live` : `${live.slice(0, 8)} stays`;
      if (!equal(latest.versions, versions)) {
        const before = whole ? history.filter((one) => one !== id.slice(0, 8)) : history;
        await deploy(versions, message, before);
      }
      if (!whole) return;
      await close(devOf(stage).enabled);
      await prune().catch((error: unknown) => {
        if (stage.input.signal.aborted) throw error;
        stage.input.warn(`Workers of earlier releases could not be removed, and the next deploy tries again: ${error}`);
      });
    },

    async reset() {
      const deployments = await listDeployments(stage);
      const live = liveOf(deployments);
      seen.deployment = deployments[0]?.id;
      if (live && (deployments[0]?.versions.length ?? 0) > 1) {
        const history = historyOf(deployments).filter((one) => one !== live.slice(0, 8));
        await deploy([{ version_id: live, percentage: 100 }], `${live.slice(0, 8)} is live`, history);
      }
      await close(false);
    },

    async urls() {
      const [subdomain, own] = await Promise.all([readSubdomain(stage), domains()]);
      const routes = stage.addresses.routes.map(({ pattern }) =>
        pattern.replace(/^https?:\/\//, "").replace(/\*.*$/, ""),
      );
      const hosts = [...own, ...routes.filter((one) => one && !one.startsWith("/"))];
      if (isLocal(subdomain)) return hosts.length || subdomain?.enabled ? [await workersDev(stage, subdomain)] : [];
      return [
        ...hosts.map((one) => new URL(`https://${one}`)),
        ...(subdomain?.enabled ? [await workersDev(stage, subdomain)] : []),
      ];
    },
  };
}

function equal(one: Split, other: Split): boolean {
  const text = (split: Split): string =>
    split
      .map(({ version_id, percentage }) => `${version_id}=${percentage}`)
      .sort()
      .join();
  return text(one) === text(other);
}
