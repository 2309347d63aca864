/**
 * Small apps, built as users build them, and the runtimes that a rehearsal runs uploads in.
 * @module
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { platforms } from "@godwit/adapters/registry";
import { build } from "@godwit/bundler";
import type { Artefact, EmulateOptions, Emulator, Tools, Upload } from "@godwit/bundler/contracts";
import type { BuiltArtefact, Clock, RunArtefact, RunningArtefact } from "@godwit/deploy";

/** Where an app lies as an installed one would. */
const home = join(import.meta.dirname, "..", ".godwit");
const require = createRequire(import.meta.url);

export const tools: Tools = Object.fromEntries(
  ["miniflare", "edge-runtime", "aws-lambda-ric", "dynalite"].map((name) => {
    const path = require.resolve(name);
    return [name, { path, load: () => import(pathToFileURL(path).href) }];
  }),
);

/** A folder that goes with the test. */
export async function temporary(t: TestContext, prefix: string): Promise<string> {
  await mkdir(home, { recursive: true });
  const folder = await mkdtemp(join(home, prefix));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes the files and builds them for a target. */
export async function buildApp(
  t: TestContext,
  target: keyof typeof platforms,
  files: Record<string, string>,
  slice: Record<string, unknown> = {},
  config: Parameters<typeof build>[0]["config"] = {},
): Promise<BuiltArtefact> {
  const root = await temporary(t, "deploy-");
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const { target: half } = await platforms[target].target();
  const checked = await half.config["~standard"].validate(slice);
  if (checked.issues) throw new Error(JSON.stringify(checked.issues));
  const { artefact } = await build({
    root,
    app: "links",
    target: half,
    targetConfig: checked.value,
    config,
    adaptersFrom: import.meta.resolve("@godwit/adapters/registry"),
  });
  return artefact;
}

/** Runs what is uploaded in the platform's own runtime. */
export function runIn(t: TestContext, { emulate, toArtefact }: Platform): RunArtefact {
  return async (upload) => {
    const artefact = await toArtefact(upload, await temporary(t, "upload-"));
    const functionEnv = Object.fromEntries(upload.units.map(({ name, env }) => [name, { ...env }]));
    const { objects } = upload;
    const emulator = await emulate(artefact, tools, { functionEnv, ...(objects !== undefined && { objects }) });
    return {
      url: emulator.url,
      fetch: emulator.fetch,
      startup: async (unit) => (await emulator.measure(unit)).startupCpu,
      logs: emulator.logs,
      close: emulator.close,
    };
  };
}

interface Platform {
  emulate(artefact: Artefact, tools: Tools, options: EmulateOptions): Promise<Emulator>;
  toArtefact(upload: Upload, folder: string): Promise<Artefact>;
}

/** A clock whose sleeps take no time: each moves it on by as much. */
export function createClock(start: number = Date.now()): Clock {
  let now = start;
  return {
    now: () => now,
    async sleep(milliseconds, signal) {
      signal?.throwIfAborted();
      now += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Stands for what was uploaded, without a runtime: for tests of the calls. */
export async function answerWith(listener: RequestListener): Promise<RunningArtefact> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    fetch: (request) => fetch(request),
    startup: async () => 1,
    logs: (async function* () {})(),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * A deploy after one that was killed or cut off. What that one had sent may be done while this one looks: then it changes
 * nothing and says so, and is run once more.
 */
export async function shipAgain<T>(run: () => Promise<T>): Promise<T> {
  return run().catch((error: unknown) => {
    if (Object(error).code === "DEPLOY_PLAN_STALE") return run();
    throw error;
  });
}
