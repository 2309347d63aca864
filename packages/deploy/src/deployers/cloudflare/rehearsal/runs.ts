/**
 * Runs uploaded versions, each in a runtime of its own, and answers for every Worker at one address: percentages, the
 * override of a version and stickiness by a key are as at Cloudflare. So is which code Durable Objects run: not that of
 * the version which asks, but one of those with traffic; here that with the most.
 * developers.cloudflare.com/workers/configuration/versions-and-deployments/gradual-deployments
 * @module
 */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { RunArtefact, RunningArtefact, Upload, UploadedUnit } from "../../../contracts.ts";
import type { State } from "../../../rehearsal/state.ts";
import { type Front, openFront } from "./front.ts";
import type { Records, ScriptRecord, VersionRecord } from "./records.ts";
import type { Tails } from "./tails.ts";

/** One answer that a version gave. */
export interface Answered {
  version: string;
  at: number;
  status: number;
  milliseconds: number;
}

export interface Runs {
  /** Starts a version and says how many milliseconds of CPU that takes. Rejects with what the runtime says. */
  start(script: string, version: VersionRecord, classes?: ScriptRecord["classes"]): Promise<number>;
  /** Where a Worker answers. */
  front(script: ScriptRecord): Promise<URL>;
  stop(script: ScriptRecord): Promise<void>;
  /** Loses what the objects of a class hold; of all without one. */
  forget(script: string, name?: string): Promise<void>;
  answered: readonly Answered[];
  close(): Promise<void>;
}

interface Running {
  script: string;
  artefact: Promise<RunningArtefact>;
  busy: number;
}

/** Answers that are remembered. */
const ANSWERS = 20_000;
/** Versions of all Workers that run at a time, beside those with traffic. */
const IDLE = 4;

export interface RunsOptions {
  state: State<Records>;
  run: RunArtefact;
  host: string;
  tails: Tails;
  /** The rehearsal's own. */
  folder: string;
}

export function createRuns({ state, run, host, tails, folder }: RunsOptions): Runs {
  const running = new Map<string, Running>();
  const fronts = new Map<string, Promise<Front>>();
  const answered: Answered[] = [];

  function begin(script: string, version: VersionRecord, classes = state.data.scripts[script]?.classes): Running {
    const home = homeOf(state.data.scripts[script], version.id);
    const key = keyOf(version.id, home);
    const known = running.get(key);
    if (known) return known;
    const objects = join(folder, "objects", script);
    const one: Running = {
      script,
      artefact: toUpload(state, script, { version, classes, objects, ...(home && { home }) }).then(run),
      busy: 0,
    };
    running.set(key, one);
    one.artefact.then(
      (artefact) => void listen(script, artefact),
      () => running.delete(key),
    );
    void retire();
    return one;
  }

  async function listen(script: string, artefact: RunningArtefact): Promise<void> {
    for await (const { function: unit, text } of artefact.logs) tails.tell(script, unit, text);
  }

  /** Ends what has had no traffic for the longest time. */
  async function retire(): Promise<void> {
    const live = new Set(
      Object.values(state.data.scripts).flatMap((script) =>
        versionsOf(script.deployments[0]).map((id) => keyOf(id, homeOf(script, id))),
      ),
    );
    const idle = [...running].filter(([key, { busy }]) => !live.has(key) && busy === 0);
    for (const [key, { artefact }] of idle.slice(0, Math.max(0, idle.length - IDLE))) {
      running.delete(key);
      await artefact.then((one) => one.close()).catch(() => {});
    }
  }

  function pick(script: ScriptRecord, headers: Record<string, unknown>): VersionRecord | undefined {
    const versions = script.deployments[0]?.versions ?? [];
    const find = (id: string | undefined): VersionRecord | undefined => script.versions.find((one) => one.id === id);
    const overrides = String(headers["cloudflare-workers-version-overrides"] ?? "");
    for (const [, name, id] of overrides.matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)) {
      if (name === script.name && versions.some(({ version_id }) => version_id === id)) return find(id);
    }
    const key = headers["cloudflare-workers-version-key"];
    let point = typeof key === "string" ? pointOf(key) : Math.random() * 100;
    for (const { version_id, percentage } of versions) {
      if (point < percentage) return find(version_id);
      point -= percentage;
    }
    return find(versions.find(({ percentage }) => percentage > 0)?.version_id);
  }

  async function open(name: string): Promise<Front> {
    const script = (): ScriptRecord | undefined => state.data.scripts[name];
    const front = await openFront(host, script()?.port ?? 0, async (headers) => {
      const one = script();
      if (!one || !isReachable(state.data, one)) return undefined;
      const version = pick(one, headers);
      if (!version) return undefined;
      const entry = begin(name, version);
      entry.busy++;
      const { url } = await entry.artefact.catch((error: unknown) => {
        entry.busy--;
        throw error;
      });
      return {
        url,
        done(status, milliseconds, at) {
          entry.busy--;
          answered.push({ version: version.id, at, status, milliseconds });
          if (answered.length > ANSWERS) answered.shift();
          tails.answered(name, version.id, status);
        },
      };
    });
    const now = script();
    if (now && now.port !== front.port) {
      now.port = front.port;
      await state.save();
    }
    return front;
  }

  function frontOf(name: string): Promise<Front> {
    const known = fronts.get(name) ?? open(name);
    fronts.set(name, known);
    return known;
  }

  return {
    answered,
    async start(script, version, classes) {
      const artefact = await begin(script, version, classes).artefact;
      return Math.round(await artefact.startup(script));
    },
    front: async ({ name }) => (await frontOf(name)).url,
    async stop({ name }) {
      await (await fronts.get(name))?.close();
      fronts.delete(name);
      for (const [id, { script, artefact }] of running) {
        if (script !== name) continue;
        running.delete(id);
        await artefact.then((one) => one.close()).catch(() => {});
      }
    },
    async forget(script, name) {
      // The folder of a class is named as miniflare does.
      await rm(join(folder, "objects", script, ...(name === undefined ? [] : [`${script}-${name}`])), {
        recursive: true,
        force: true,
      });
    },
    async close() {
      const open = await Promise.allSettled(fronts.values());
      await Promise.all(open.map((one) => one.status === "fulfilled" && one.value.close()));
      const all = await Promise.allSettled([...running.values()].map(({ artefact }) => artefact));
      await Promise.all(all.map((one) => one.status === "fulfilled" && one.value.close()));
    },
  };
}

function versionsOf(deployment: { versions: { version_id: string }[] } | undefined): string[] {
  return deployment?.versions.map(({ version_id }) => version_id) ?? [];
}

/** The version whose classes the objects are that this one asks, where it is another one of the deployment. */
function homeOf(script: ScriptRecord | undefined, id: string): VersionRecord | undefined {
  const split = script?.deployments[0]?.versions ?? [];
  if (Object.keys(script?.classes ?? {}).length === 0 || split.every(({ version_id }) => version_id !== id))
    return undefined;
  const [most] = [...split].sort((one, other) => other.percentage - one.percentage);
  return most?.version_id === id ? undefined : script?.versions.find((one) => one.id === most?.version_id);
}

function keyOf(id: string, home: VersionRecord | undefined): string {
  return home ? `${id} with the objects of ${home.id}` : id;
}

/** 0 to 100, the same for the same key. */
function pointOf(key: string): number {
  return (createHash("sha256").update(key).digest().readUInt32BE(0) / 2 ** 32) * 100;
}

function isReachable({ domains, routes }: Records, { name, subdomain }: ScriptRecord): boolean {
  return (
    subdomain.enabled || domains.some(({ service }) => service === name) || routes.some(({ script }) => script === name)
  );
}

interface Run {
  version: VersionRecord;
  classes: ScriptRecord["classes"];
  /** Where what they hold is kept. */
  objects: string;
  home?: VersionRecord;
}

/** The version, and what its service bindings lead to now. */
async function toUpload(
  state: State<Records>,
  name: string,
  { version, classes, objects, home }: Run,
): Promise<Upload> {
  const services = new Set(
    version.bindings.flatMap(({ type, service }) => (type === "service" && service !== name ? [String(service)] : [])),
  );
  const others = [...services].flatMap((service) => {
    const script = state.data.scripts[service];
    const id = script?.deployments[0]?.versions[0]?.version_id;
    const live = script?.versions.find((one) => one.id === id);
    return live ? [toUnit(state, service, live, script?.classes)] : [];
  });
  const units = await Promise.all([toUnit(state, name, version, classes, home), ...others]);
  // What objects hold is the Worker's, whichever version runs.
  return { target: "cloudflare", variant: "worker", units, routes: [{ match: "/*", function: name }], objects };
}

/** Whose classes the objects run. */
const HOME = "rehearsal-home";

/** Modules as the others import them; files of `public/` below `assets/`, which no module may be called. */
async function toUnit(
  state: State<Records>,
  name: string,
  version: VersionRecord,
  classes: ScriptRecord["classes"] = {},
  home?: VersionRecord,
): Promise<UploadedUnit> {
  const files: Record<string, Uint8Array> = {};
  const keep = async (path: string, blob: string | undefined): Promise<void> => {
    const contents = blob === undefined ? undefined : await state.blob(blob);
    if (!contents) throw new Error(`${path} was never uploaded`);
    files[path] = contents;
  };
  for (const { name: path, blob } of version.modules) await keep(`modules/${path}`, blob);
  for (const { name: path, blob } of home?.modules ?? []) await keep(`modules/${HOME}/${path}`, blob);
  if (home) {
    const own = JSON.stringify(`./${version.main_module}`);
    const theirs = JSON.stringify(`./${HOME}/${home.main_module}`);
    const source = `export * from ${own};\nexport { default } from ${own};\nexport { ${Object.keys(classes)} } from ${theirs};\n`;
    files[`modules/${HOME}.js`] = new TextEncoder().encode(source);
  }
  for (const [path, hash] of Object.entries(version.assets?.files ?? {})) {
    await keep(`assets${decodeURIComponent(path)}`, state.data.files[hash]?.blob);
  }
  const texts = version.bindings.flatMap(({ name: key, type, text }) =>
    type === "plain_text" || type === "secret_text" ? [[key, String(text)] as const] : [],
  );
  const { compatibility_date, compatibility_flags, assets } = version;
  return {
    name,
    files,
    entry: `modules/${home ? `${HOME}.js` : version.main_module}`,
    env: Object.fromEntries(texts),
    bindings: version.bindings.filter(({ type }) => type !== "plain_text" && type !== "secret_text"),
    settings: { compatibility_date, compatibility_flags, classes, ...(assets && { assets: assets.config }) },
  };
}
