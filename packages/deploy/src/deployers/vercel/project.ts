/**
 * The Vercel project of a stage: an isolated copy of the app, with variables, deployments and domains of its own.
 * A variable of the project says whose it is.
 * @module
 */
import type { AnyKind, DeployInput } from "../../contracts.ts";
import { nameTaken, nothingDeployed } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import { toName } from "../../engine/names.ts";
import type { Api, Call, Expected } from "./client.ts";
import type { VercelSettings } from "./settings.ts";

/** As the API gives it: https://vercel.com/docs/rest-api/reference/endpoints/projects */
export interface LiveProject {
  id: string;
  name: string;
  /** What production traffic reaches. */
  targets?: { production?: { id: string; alias?: string[] } | null };
  ssoProtection?: { deploymentType: string } | null;
  /** Secret -> what it is for. */
  protectionBypass?: Record<string, { scope: string }>;
  lastAliasRequest?: { jobStatus: string; toDeploymentId: string; type: string } | null;
  /** Of any target; and the Git repository that it is built from. */
  latestDeployments?: readonly unknown[];
  link?: object | null;
  /** How Vercel builds what comes from Git, and below which folder it looks for what is prebuilt. */
  framework?: string | null;
  rootDirectory?: string | null;
}

/** One variable of a project; a secret's value never comes along. */
export interface EnvEntry {
  id: string;
  key: string;
  value?: string;
  type: string;
  target: string[];
  /** Milliseconds since 1970. */
  updatedAt?: number;
}

/** The variable that marks a project, and its value. */
const MARK = "GODWIT_STAGE";
/** The one that is there before it. */
export const LOCK = "GODWIT_LOCK";

export interface Project {
  readonly name: string;
  /** The project, read once a command and again after `forget`. Throws DEPLOY_NAME_TAKEN for somebody else's. */
  find(): Promise<LiveProject | undefined>;
  /** Throws DEPLOY_NOTHING where there is none. */
  get(): Promise<LiveProject>;
  forget(): void;
  forgetEnv(): void;
  /** Its variables, kept as long as the project is; `fresh` reads them again. */
  env(fresh?: boolean): Promise<EnvEntry[]>;
  /** False where there is one of that name already. */
  addEnv(entry: { key: string; value: string }): Promise<boolean>;
  /** False where it is gone. */
  changeEnv(id: string, value: string): Promise<boolean>;
  setEnv(entry: { key: string; value: string; type: string; target: string[] }): Promise<void>;
  /** False where it was gone already. */
  removeEnv(id: string): Promise<boolean>;
  kind: AnyKind;
}

/** `onCreated` is called before anything is put into a project that was not there. */
export function createProject(
  api: Api,
  input: DeployInput,
  settings: VercelSettings,
  onCreated: () => Promise<void>,
): Project {
  const { app, stage } = input;
  const isProduction = stage === "production";
  const base = settings.project ?? app;
  const name = toName(isProduction ? [base] : [base, stage], 100);
  const isAdopted = isProduction && settings.project !== undefined;
  const mark = `${app}/${stage}`;
  let cached: Promise<LiveProject | undefined> | undefined;
  let entries: Promise<EnvEntry[]> | undefined;

  async function make(): Promise<LiveProject> {
    const made = await api.call<LiveProject | Expected>({
      name: "create the project",
      method: "POST",
      path: "/v1/projects",
      json: { name },
      expect: ["conflict"], // the answer of an earlier attempt was lost, or another deploy was first
    });
    project.forget();
    const live = "error" in made ? await project.get() : made;
    await onCreated();
    await markOwner();
    return live;
  }

  async function read(): Promise<LiveProject | undefined> {
    const path = `/v9/projects/${encodeURIComponent(name)}`;
    const live = await api.call<LiveProject | undefined>({ name: "read the project", path, maybe: true });
    if (!live) return undefined;
    const own = await keepEnv(live.id);
    const marked = own.find(({ key }) => key === MARK);
    if (marked ? marked.value === mark : isAdopted || isNew(live, own)) return live;
    throw nameTaken(
      `Vercel has a project ${name} that ${marked ? `is of ${marked.value}` : "Godwit did not make"}.`,
      marked
        ? "Give the app another name, or this stage another project with deploy.vercel.project."
        : "Give the app another name, or adopt the project for production with deploy.vercel.project.",
    );
  }

  const path = (id: string, rest: string) => `/v10/projects/${encodeURIComponent(id)}${rest}`;

  async function listEnv(id: string): Promise<EnvEntry[]> {
    const { envs } = await api.call<{ envs: EnvEntry[] }>({ name: "list variables", path: path(id, "/env") });
    return envs;
  }

  /** What is known of the variables is not true afterwards, whether or not the answer came. */
  function write<T>(call: Call): Promise<T> {
    return api.call<T>(call).finally(() => project.forgetEnv());
  }

  function keepEnv(id: string): Promise<EnvEntry[]> {
    entries ??= listEnv(id);
    entries.catch(() => project.forgetEnv());
    return entries;
  }

  const project: Project = {
    name,
    find: () => {
      cached ??= read();
      cached.catch(() => project.forget());
      return cached;
    },
    async get() {
      const live = await project.find();
      if (live) return live;
      throw nothingDeployed(app, stage, "Vercel");
    },
    forget() {
      cached = undefined;
    },
    forgetEnv() {
      entries = undefined;
    },
    async env(fresh = false) {
      const live = await project.find();
      if (fresh) project.forgetEnv();
      return live ? keepEnv(live.id) : [];
    },
    async addEnv({ key, value }) {
      const { id } = await project.get();
      const made = await write<object | Expected>({
        name: `add ${key}`,
        method: "POST",
        path: path(id, "/env"),
        json: { key, value, type: "plain", target: ["development"] },
        expect: ["ENV_ALREADY_EXISTS", "ENV_CONFLICT"],
      });
      return !("error" in made);
    },
    async changeEnv(envId, value) {
      const { id } = await project.get();
      const at = path(id, `/env/${encodeURIComponent(envId)}`);
      const call = { name: "change a variable", method: "PATCH", path: at, json: { value }, maybe: true } as const;
      return (await write(call)) !== undefined;
    },
    async setEnv(entry) {
      const { id } = (await project.find()) ?? (await make()); // a secret may come before the first deploy
      const query = { upsert: "true" };
      await write({ name: `set ${entry.key}`, method: "POST", path: path(id, "/env"), query, json: entry });
    },
    async removeEnv(envId) {
      const { id } = await project.get();
      const at = path(id, `/env/${encodeURIComponent(envId)}`);
      const call = { name: "remove a variable", method: "DELETE", path: at, maybe: true } as const;
      return (await write(call)) !== undefined;
    },
    kind: defineKind<null, LiveProject & { marked: boolean }>({
      name: "project",
      phase: "prepare",
      async list() {
        const live = await project.find();
        if (!live) return new Map();
        const marked = (await project.env()).some(({ key }) => key === MARK);
        return new Map([[name, { ...live, marked }]]);
      },
      diff: (_value, { marked, ...live }) => [
        ...(marked ? [] : [{ path: "owner", to: mark }]),
        ...byHand(live).map((path) => ({ path, from: live[path] ?? "", to: "none", drift: true })),
      ],
      async create() {
        return { ...(await make()), marked: true };
      },
      async update(_spec, live) {
        if (!live.marked) await markOwner();
        const settings = Object.fromEntries(byHand(live).map((path) => [path, null]));
        if (Object.keys(settings).length > 0) {
          const at = `/v9/projects/${encodeURIComponent(live.id)}`;
          await api.call({ name: "set the project's settings", method: "PATCH", path: at, json: settings });
          project.forget();
        }
        return { ...live, ...settings, marked: true };
      },
      async remove() {
        const live = await project.find();
        if (!live) return;
        const at = `/v9/projects/${encodeURIComponent(live.id)}`;
        await api.call({ name: "delete the project", method: "DELETE", path: at, maybe: true });
        project.forget();
      },
      irreversible: (spec) => (spec ? undefined : "its deployments, variables and domains go with it"),
    }),
  };

  /** Settings that stand between a prebuilt deployment and its files. An adopted project may have a build of its own. */
  function byHand(live: LiveProject): ("framework" | "rootDirectory")[] {
    return isAdopted ? [] : (["framework", "rootDirectory"] as const).filter((path) => live[path]);
  }

  /** Development is a target that no deployment of this project has: the functions do not see the variable. */
  function markOwner(): Promise<void> {
    return project.setEnv({ key: MARK, value: mark, type: "plain", target: ["development"] });
  }

  return project;
}

/** A run that was cut off between making the project and marking it left one with nothing in it. */
function isNew({ targets, latestDeployments = [], link }: LiveProject, entries: readonly EnvEntry[]): boolean {
  return !targets?.production && latestDeployments.length === 0 && !link && entries.every(({ key }) => key === LOCK);
}
