/**
 * A release is a production deployment that was made without its domains: immutable, and reached at its own address.
 * https://vercel.com/docs/rest-api/reference/endpoints/deployments/create-a-new-deployment
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { BuiltArtefact, Candidate, DeployInput, Release } from "../../contracts.ts";
import { releaseUnknown } from "../../engine/errors.ts";
import { waitFor } from "../../engine/retry.ts";
import { type Carried, carriedOf, fromMeta, toMeta } from "./carried.ts";
import type { Api, Expected } from "./client.ts";
import { readFiles, upload } from "./files.ts";
import type { LiveProject, Project } from "./project.ts";
import type { Secrets } from "./secrets.ts";
import type { RollingRelease } from "./switch.ts";

/** As the list and the single look give it; they name two members differently. */
export interface Deployment {
  id?: string;
  uid?: string;
  /** A host name. */
  url: string;
  created?: number;
  createdAt?: number;
  readyState?: string;
  /** `STAGED` has never seen production's traffic, `PROMOTED` has. */
  readySubstate?: string;
  state?: string;
  errorMessage?: string;
  meta?: Record<string, string>;
}

interface Page {
  deployments: Deployment[];
  /** Milliseconds since 1970: the next page begins before it. */
  pagination?: { next: number | null };
}

/** Deployments of a page, which is the most that Vercel gives, and pages that are read. */
const PAGE = 100;
const PAGES = 10;
/** Milliseconds until a prebuilt deployment must be ready. */
const READY = 600_000;

export interface Releases {
  list(): Promise<Release[]>;
  make(artefact: BuiltArtefact, fingerprint: string): Promise<Release>;
  candidate(release: Release): Promise<Candidate>;
  /** What the live release carries. */
  carried(): Promise<Carried>;
}

interface Parts {
  api: Api;
  input: DeployInput;
  project: Project;
  secrets: Secrets;
  rolling(live: LiveProject): Promise<RollingRelease | undefined>;
}

export function createReleases({ api, input, project, secrets, rolling }: Parts): Releases {
  const { app, stage, clock, signal, vars, env } = input;
  const isOurs = ({ meta }: Deployment) => meta?.godwitStage === `${app}/${stage}`;
  /** What a deployment carries never changes. */
  const known = new Map<string, Promise<Deployment | undefined>>();

  /** The newest first, until there are the live one and one to go back to: proofs may have come after them. */
  async function deployments(): Promise<Deployment[]> {
    const live = await project.find();
    if (!live) return [];
    const current = live.targets?.production?.id;
    const found: Deployment[] = [];
    let until: number | null = 0;
    for (let page = 0; page < PAGES && until !== null; page++) {
      const query = {
        projectId: live.id,
        limit: String(PAGE),
        target: "production",
        ...(until && { until: String(until) }),
      };
      const call = { name: "list deployments", path: "/v6/deployments", query };
      const answer: Page = await api.call<Page>(call);
      found.push(...answer.deployments.filter(isOurs));
      const at = found.findIndex((one) => idOf(one) === current);
      if (current === undefined || (at >= 0 && found.slice(at + 1).some(wasLive))) return found;
      until = answer.deployments.length > 0 ? (answer.pagination?.next ?? null) : null;
    }
    const one = current !== undefined && !found.some((each) => idOf(each) === current) && (await look(current));
    return one && isOurs(one) ? [...found, one] : found;
  }

  function look(id: string): Promise<Deployment | undefined> {
    const path = `/v13/deployments/${encodeURIComponent(id)}`;
    const looking =
      known.get(id) ?? api.call<Deployment | undefined>({ name: "look at the deployment", path, maybe: true });
    known.set(id, looking);
    looking.catch(() => known.delete(id));
    return looking;
  }

  async function toReleases(all: readonly Deployment[]): Promise<Release[]> {
    const live = await project.find();
    const production = live?.targets?.production?.id;
    const active = live && (await rolling(live));
    const canary = active ? active.activeStage.targetPercentage / 100 : 0;
    return all.map((one) => {
      const id = idOf(one);
      const share = active?.canaryDeployment.id === id ? canary : id === production ? 1 - canary : 0;
      const at = new Date(one.created ?? one.createdAt ?? 0).toISOString();
      return { id, fingerprint: one.meta?.godwitRelease ?? "", at, share, kept: wasLive(one) };
    });
  }

  async function create({ root, manifest }: BuiltArtefact, fingerprint: string, state: string): Promise<Deployment> {
    const files = await readFiles({ root, manifest });
    const { id } = await project.get();
    const carried = toMeta(carriedOf(manifest, vars, state));
    const meta = {
      godwitStage: `${app}/${stage}`,
      godwitRelease: fingerprint,
      godwitSecrets: state,
      ...(carried && { godwitCarried: carried }),
    };
    const body = {
      name: project.name,
      project: id,
      target: "production",
      version: 2,
      autoAssignCustomDomains: false,
      env: vars,
      meta,
      files,
      projectSettings: { framework: null },
    };
    // Vercel names the files that it has not; whatever it lacks after they were sent is an error.
    for (let round = 0; ; round++) {
      const made = await api.call<Deployment | Expected>({
        name: "create a deployment",
        method: "POST",
        path: "/v13/deployments",
        query: { skipAutoDetectionConfirmation: "1", prebuilt: "1" },
        json: body,
        ...(round === 0 && { expect: ["missing_files"] }),
      });
      if (!("error" in made)) return made;
      await upload(api, root, files, made.error.missing ?? []);
    }
  }

  async function untilReady(deployment: Deployment): Promise<Deployment> {
    const id = idOf(deployment);
    const path = `/v13/deployments/${encodeURIComponent(id)}`;
    return waitFor(
      `The deployment ${id}`,
      async () => {
        const now = await api.call<Deployment>({ name: "look at the deployment", path });
        const state = stateOf(now);
        if (state === "READY") return now;
        if (state !== "ERROR" && state !== "CANCELED") return undefined;
        throw new GodwitError(
          "VERCEL_DEPLOYMENT_FAILED",
          `Vercel says ${state} of the deployment ${id}: ${now.errorMessage ?? "no reason given"}. Nothing was switched. See https://${now.url}/_logs`,
        );
      },
      { clock, signal, deadline: READY },
    );
  }

  return {
    list: async () => toReleases(await deployments()),
    async make(artefact, fingerprint) {
      const state = await secrets.state();
      const made = (await deployments()).find(
        (one) =>
          one.meta?.godwitRelease === fingerprint &&
          one.meta.godwitSecrets === state &&
          !["ERROR", "CANCELED"].includes(stateOf(one)),
      );
      const ready = await untilReady(made ?? (await create(artefact, fingerprint, state)));
      const [release] = await toReleases([ready]);
      if (release) return release;
      throw releaseUnknown(idOf(ready), []);
    },
    async candidate({ id }) {
      const path = `/v13/deployments/${encodeURIComponent(id)}`;
      const { url } = await api.call<Deployment>({ name: "look at the deployment", path });
      return { url: new URL(`${api.protocol}//${url}`), headers: await bypass() };
    },
    async carried() {
      const live = await project.find();
      const id = live?.targets?.production?.id;
      const found = id === undefined ? undefined : await look(id);
      return fromMeta(found && isOurs(found) ? found.meta?.godwitCarried : undefined);
    },
  };

  /** New projects hide deployments' own addresses: https://vercel.com/docs/deployment-protection. */
  async function bypass(): Promise<Record<string, string>> {
    const { id, ssoProtection, protectionBypass = {} } = await project.get();
    if (!ssoProtection) return {};
    const toHeader = (secret: string) => ({ "x-vercel-protection-bypass": secret });
    if (env.VERCEL_AUTOMATION_BYPASS_SECRET) return toHeader(env.VERCEL_AUTOMATION_BYPASS_SECRET);
    const known = secretOf(protectionBypass);
    if (known !== undefined) return toHeader(known);
    const path = `/v1/projects/${encodeURIComponent(id)}/protection-bypass`;
    const made = await api.call<Pick<LiveProject, "protectionBypass">>({
      name: "make a protection bypass",
      method: "PATCH",
      path,
      json: {},
    });
    project.forget();
    return toHeader(secretOf(made.protectionBypass ?? {}) ?? "");
  }
}

function secretOf(bypasses: NonNullable<LiveProject["protectionBypass"]>): string | undefined {
  return Object.entries(bypasses).find(([, { scope }]) => scope === "automation-bypass")?.[0];
}

export function idOf({ id, uid }: Deployment): string {
  return id ?? uid ?? "";
}

/** What only a proof or a rolling release that went back saw is nothing to go back to. */
function wasLive(one: Deployment): boolean {
  return stateOf(one) === "READY" && (one.readySubstate ?? "PROMOTED") === "PROMOTED";
}

function stateOf({ readyState, state }: Deployment): string {
  return readyState ?? state ?? "";
}
