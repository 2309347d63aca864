/**
 * Vercel: Build Output v3 as an immutable production deployment, promoted in one call.
 * @module
 */
import type { ControlPlane, Deployer, DeployInput, RehearsalOptions } from "../../contracts.ts";
import { nothingDeployed } from "../../engine/errors.ts";
import { hashOf } from "../../engine/names.ts";
import { carriedKinds, carriedOf, carriedSpecs } from "./carried.ts";
import { createApi } from "./client.ts";
import { createDomains } from "./domains.ts";
import { createLock } from "./lock.ts";
import { createLogs } from "./logs.ts";
import { createProject, type Project } from "./project.ts";
import { createReleases } from "./releases.ts";
import { createSecrets } from "./secrets.ts";
import { parseSettings, type VercelSettings } from "./settings.ts";
import { createTraffic } from "./switch.ts";

export { parseSettings };

export async function open(input: DeployInput): Promise<Deployer> {
  const settings = input.settings as VercelSettings; // what parseSettings made
  const { app, stage, artefact, vars, env } = input;
  const team = settings.team ?? env.VERCEL_ORG_ID;
  const api = createApi(input, team);
  const lock = createLock(
    input,
    (): Project => project,
    (signal) => createApi({ ...input, signal }, team),
  );
  const project = createProject(api, input, settings, () => lock.settle());
  const secrets = createSecrets(project);
  const traffic = createTraffic(api, input, project);
  const releases = createReleases({ api, input, project, secrets, rolling: traffic.rolling });

  const fingerprint = () => hashOf([artefact?.manifest.hash, vars, artefact?.manifest.env.secrets]);
  return {
    place: `${team ?? "your account"}, project ${project.name}`,
    kinds: [
      project.kind,
      secrets.kind,
      ...carriedKinds(() => releases.carried()),
      createDomains(api, project, input.warn),
    ],
    async specs() {
      project.forget(); // each plan looks anew
      project.forgetEnv();
      if (!artefact) return [];
      const { manifest } = artefact;
      const own = `project/${project.name}`;
      const generated = manifest.resources.filter(({ kind, spec }) => kind === "secret" && spec.generate === true);
      return [
        { kind: "project", name: project.name, value: null },
        ...generated.map(({ name }) => ({ kind: "generated secret", name, after: [own], value: null })),
        ...carriedSpecs(carriedOf(manifest, vars, await secrets.state())),
        ...settings.domains.map((name) => ({ kind: "domain", name, after: [own], value: null })),
      ];
    },
    fingerprint,
    secrets,
    lock: (ttl) => lock.take(ttl),
    releases: () => releases.list(),
    async release() {
      if (artefact) return releases.make(artefact, fingerprint());
      throw nothingDeployed(app, stage, "Vercel");
    },
    candidate: (release) => releases.candidate(release),
    canary: (shares) => traffic.plan(shares),
    switch: (release, share = 1) => traffic.shift(release, share),
    reset: () => traffic.reset(),
    async urls() {
      const live = await project.find();
      const alias = live?.targets?.production?.alias ?? [];
      return [...new Set([...settings.domains, ...alias])].map((host) => new URL(`${api.protocol}//${host}`));
    },
    logs: createLogs(api, project, input.clock),
    destroy: async () => {},
    close: async () => {},
  };
}

export async function rehearse(options: RehearsalOptions): Promise<ControlPlane> {
  return (await import("./rehearsal/index.ts")).rehearse(options);
}
