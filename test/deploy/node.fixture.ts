/**
 * An app of two versions for deploys to this machine, and clients that watch it without a pause.
 * @module
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseManifest } from "@godwit/core/manifest";
import type { BuiltArtefact, Deployer, DeployInput } from "../../packages/deploy/src/contracts.ts";
import type { Look } from "../../packages/deploy/src/deployers/node/agent/words.ts";
import { AgentClient } from "../../packages/deploy/src/deployers/node/agent-client.ts";
import { createLocalHost } from "../../packages/deploy/src/deployers/node/host.ts";
import { open, parseSettings } from "../../packages/deploy/src/deployers/node/index.ts";
import type { SupervisorStatus } from "../../packages/deploy/src/deployers/node/supervisor/words.ts";
import { systemClock } from "../../packages/deploy/src/engine/clock.ts";
import { type Deployed, type DeployOptions, deploy } from "../../packages/deploy/src/engine/deploy.ts";

const repository = new URL("../..", import.meta.url).pathname;
export const bin: string = join(repository, "packages/cli/src/bin.ts");

/** A folder below the repository, so that an app in it finds its packages. */
export function createWork(): string {
  mkdirSync(join(repository, "test/.godwit"), { recursive: true });
  return mkdtempSync(join(repository, "test/.godwit/deploy-"));
}

export interface AppOptions {
  version: string;
  /** Further files. */
  files?: Record<string, string>;
}

/** `/` says the version, `/fine` is the other route, `/stream` sends a line every 50 ms until it is told to stop. */
export function writeApp(folder: string, { version, files = {} }: AppOptions): void {
  const all: Record<string, string> = {
    "package.json": JSON.stringify({ name: "links", type: "module", private: true }),
    "env.ts": `import { defineEnv } from "@godwit/core";\nimport * as z from "zod";\nexport default defineEnv({ vars: { GREETING: z.string().default("hello") }, secrets: ["API_KEY"] });\n`,
    "routes/index.ts": `export function GET(request, context) { return new Response("${version} " + context.ip); }\n`,
    "routes/fine.ts": `export const GET = () => new Response("fine ${version}");\n`,
    "routes/secret.ts": `export const GET = (_, context) => { console.log("has", context.env.API_KEY); return new Response(String(context.env.API_KEY.length)); };\n`,
    "routes/wait.ts": `export const GET = async (request) => { await new Promise((done) => setTimeout(done, Number(new URL(request.url).searchParams.get("ms")))); return new Response("waited ${version}"); };\n`,
    "routes/fail.ts": `export const GET = () => new Response("fine");\n`,
    "routes/crash.ts": `export const POST = () => process.exit(3);\n`,
    "routes/stream.ts": `export const GET = (request) => {
  let left = Number(new URL(request.url).searchParams.get("lines") ?? 1);
  return new Response(new ReadableStream({ async pull(controller) {
    await new Promise((done) => setTimeout(done, 50));
    controller.enqueue(new TextEncoder().encode("line " + left + "\\n"));
    if (--left <= 0) controller.close();
  } }));
};
`,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Builds the app of a folder. */
export function buildApp(folder: string): BuiltArtefact {
  execFileSync(process.execPath, [bin, "build", "--root", folder, "--target", "node"], { stdio: "pipe" });
  const root = join(folder, "dist/node");
  return { root, manifest: parseManifest(readFileSync(join(root, "manifest.json"), "utf8")) };
}

/** What is put before the server's own code, by the name of a version. */
const BROKEN: Record<string, string> = {
  crashing: `if (process.pid) throw new Error("no database " + process.env.API_KEY);\n`,
  hanging: "await new Promise(() => setInterval(() => {}, 1000));\n",
};
const MARK = "version-mark";

/** One build, and of it each version that is asked for: the mark in its code is what differs, and the hashes. */
export function createBuilds(work: string): (version: string, files?: Record<string, string>) => BuiltArtefact {
  const builds = new Map<string, BuiltArtefact>();
  let base: BuiltArtefact | undefined;
  return (version, files = {}) => {
    const there = builds.get(version);
    if (there) return there;
    if (!base) {
      const folder = join(work, "app");
      writeApp(folder, { version: MARK });
      base = buildApp(folder);
    }
    const root = join(work, `dist-${version}`);
    cpSync(base.root, root, { recursive: true });
    const functions = base.manifest.functions.map((fn) => ({
      ...fn,
      files: fn.files.map((file) => {
        const path = join(root, file.path);
        const broken = file.path === "server.mjs" ? (BROKEN[version] ?? "") : "";
        const text = broken + readFileSync(path, "utf8").replaceAll(MARK, version);
        writeFileSync(path, text);
        const sha256 = createHash("sha256").update(text).digest("hex");
        return { ...file, bytes: Buffer.byteLength(text), sha256 };
      }),
    }));
    const added = Object.entries(files).map(([path, text]) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      return { path, bytes: Buffer.byteLength(text), sha256: createHash("sha256").update(text).digest("hex") };
    });
    const assets = [...base.manifest.assets, ...added];
    const built = { root, manifest: { ...base.manifest, functions, assets, hash: `${base.manifest.hash}-${version}` } };
    writeFileSync(join(root, "manifest.json"), JSON.stringify(built.manifest));
    builds.set(version, built);
    return built;
  };
}

export const SECRET = "canary-of-a-secret-5f3a91";

export interface PlaceOptions {
  path: string;
  artefact?: BuiltArtefact;
  stage?: string;
  app?: string;
  settings?: Record<string, unknown>;
  secrets?: Record<string, string>;
  vars?: Record<string, string>;
  signal?: AbortSignal;
}

export function toInput(options: PlaceOptions): DeployInput {
  const { path, artefact, stage = "production", app = "links", settings = {} } = options;
  return {
    app,
    stage,
    artefact,
    settings: parseSettings({ path, drain: 10_000, ...settings }),
    vars: options.vars ?? {},
    secrets: options.secrets ?? { API_KEY: SECRET },
    env: {},
    clock: systemClock,
    signal: options.signal ?? new AbortController().signal,
    warn: () => {},
  };
}

/** Opens a stage for a while. */
export async function withStage<T>(
  options: PlaceOptions,
  use: (deployer: Deployer, input: DeployInput) => Promise<T>,
): Promise<T> {
  const input = toInput(options);
  const deployer = await open(input);
  try {
    return await use(deployer, input);
  } finally {
    await deployer.close();
  }
}

const REQUESTS = ["/", "/fine"].map((path) => ({ method: "GET", path }));

/** A whole deploy that says yes. */
export function ship(options: PlaceOptions, more: Partial<DeployOptions> = {}): Promise<Deployed> {
  return withStage(options, (deployer, input) =>
    deploy({
      deployer,
      input,
      requests: REQUESTS,
      confirm: async () => ({ go: true, remove: false }),
      onEvent: () => {},
      ...more,
    }),
  );
}

export interface TestPlace extends AsyncDisposable {
  path: string;
  stage: string;
  settings: Record<string, unknown>;
}

let places = 0;

/** A stage of its own on this machine, on a port that is free; gone with all its processes at the end. */
export function createPlace(work: string, given: Partial<Pick<TestPlace, "path" | "stage">> = {}): TestPlace {
  const place = { path: join(work, `srv-${places++}`), stage: "pr-1", ...given, settings: {} };
  return {
    ...place,
    async [Symbol.asyncDispose]() {
      const status = await statusOf(place);
      if (status) process.kill(status.pid, "SIGKILL");
      rmSync(join(place.path, place.stage), { recursive: true, force: true });
    },
  };
}

/** What the stage's supervisor says of itself; undefined where none answers. */
export function statusOf({ path, stage }: { path: string; stage: string }): Promise<SupervisorStatus | undefined> {
  const place = { path, stage, app: "links" };
  const host = createLocalHost(process.execPath, (_, code, said) => new Error(`${code} ${said}`));
  const client = new AgentClient({ host, place, clock: systemClock, signal: new AbortController().signal });
  return client
    .ask<Look>({ op: "look" })
    .then(({ status }) => status)
    .finally(() => client.close());
}

/** Waits until something holds, at most 20 s. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); ) {
    if (Date.now() > end) throw new Error("What was waited for did not come within 20 s.");
    await sleep(50);
  }
}

export interface Watch extends AsyncDisposable {
  /** What was answered, by its text. */
  answers: Map<string, number>;
  failures: string[];
  stop(): Promise<void>;
}

/** Asks without a pause: on new connections, on kept ones, and each answer must be a 200. */
export function watch(url: URL, paths: readonly string[] = ["/", "/fine"]): Watch {
  const answers = new Map<string, number>();
  const failures: string[] = [];
  let going = true;
  const loop = async (agent: Agent | undefined, pause: number) => {
    for (let count = 0; going; count++) {
      const path = paths[count % paths.length] ?? "/";
      try {
        const { status, text } = await get(new URL(path, url), agent);
        const word = text.split(" ")[0] ?? "";
        answers.set(word, (answers.get(word) ?? 0) + 1);
        if (status !== 200) failures.push(`${path}: ${status} ${text}`);
      } catch (error) {
        failures.push(`${path} (${agent ? "kept" : "new"}): ${error}`);
      }
      await sleep(pause);
    }
    agent?.destroy();
  };
  const loops = [
    loop(undefined, 5),
    loop(undefined, 15),
    loop(new Agent({ keepAlive: true, maxSockets: 1 }), 5),
    loop(new Agent({ keepAlive: true, maxSockets: 1 }), 100),
  ];
  const stop = async () => {
    going = false;
    await Promise.all(loops);
  };
  return { answers, failures, stop, [Symbol.asyncDispose]: stop };
}

export function get(url: URL, agent: Agent | undefined | false = false): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: agent ?? false }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, text }));
      incoming.on("error", reject);
    });
    outgoing.setTimeout(20_000, () => outgoing.destroy(new Error("no answer in 20 s")));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

export function cleanUp(work: string): void {
  rmSync(work, { recursive: true, force: true });
}
