/**
 * The local half of Vercel: plays its routing over the built `.vercel/output/` on a real socket, runs Edge functions in
 * Vercel's own edge-runtime and Node functions in Node, each in a process of its own that starts on first use.
 *
 * It differs from the platform where nobody outside can know better: what the proxy does to odd paths, the pace of its
 * network, and the language of Edge functions, which is that of this Node's V8.
 * @module
 */
import { randomBytes } from "node:crypto";
import type { Artefact, EmulateOptions, Emulator, Startup, Tools } from "@godwit/bundler/contracts";
import { fetchFrom } from "../_emulate/client.ts";
import { toolMissing, triggerFailed, unknownFunction, unknownTrigger } from "../_emulate/errors.ts";
import { listenAt } from "../_emulate/listen.ts";
import { Logs } from "../_emulate/logs.ts";
import { believeClient } from "../_emulate/raw.ts";
import { samplePath } from "../_emulate/sample.ts";
import { createStacks } from "../_emulate/stacks.ts";
import { openStatic } from "./_emulate/assets.ts";
import { createFront, type Deployment } from "./_emulate/front.ts";
import { FunctionProcess } from "./_emulate/function-process.ts";
import { type FunctionLayout, type Layout, readLayout } from "./_emulate/layout.ts";
import { createRouter } from "./_emulate/routing.ts";
import { RuntimeCache } from "./_emulate/runtime-cache.ts";

export const tools: Record<string, string> = {
  "edge-runtime": "Vercel's own emulation of the runtime that Edge functions run on",
};

export const fronts: readonly string[] = [];

const A_DAY = 86_400_000;

/** Runs a built artefact. The functions see `options.env`, what Vercel itself sets, and nothing of this process. */
export async function emulate(artefact: Artefact, found: Tools, options: EmulateOptions = {}): Promise<Emulator> {
  const { host = "127.0.0.1", port = 0, dev = false, inspect, secure = false } = options;
  const logs = new Logs();
  const cache = new RuntimeCache();
  const secret = options.env?.CRON_SECRET ?? randomBytes(24).toString("hex");
  const env: Record<string, string> = {
    ...options.env,
    CRON_SECRET: secret,
    NODE_ENV: dev ? "development" : "production",
    VERCEL: "1",
    VERCEL_ENV: "development",
    VERCEL_REGION: "dev1",
    TZ: "UTC",
  };

  /** Each has a port of its own for the debugger, from the one that was asked for on. */
  function createProcess({ id, variant, entry }: FunctionLayout, at = 0): FunctionProcess {
    const runtime = found["edge-runtime"]?.path;
    if (variant === "edge" && runtime === undefined) throw toolMissing("edge-runtime");
    const { map } = createStacks(artefact.root);
    const debug = inspect && inspect + at;
    return new FunctionProcess({
      name: id,
      variant,
      entry,
      runtime,
      dev,
      inspect: debug,
      env: { ...env, ...options.functionEnv?.[id] },
      logs,
      cache,
      map,
    });
  }

  /** Takes over the processes of functions that stay as they are. */
  async function deploy(layout: Layout, keep: Deployment["functions"]): Promise<Deployment> {
    const functions = new Map<string, { layout: FunctionLayout; process: FunctionProcess }>();
    // Ports of debuggers are handed out in an order that one can remember: Edge before Node.
    const rows = [...layout.functions].sort(([, a], [, b]) => a.variant.localeCompare(b.variant));
    for (const [at, [path, one]] of rows.entries()) {
      functions.set(path, { layout: patient(one), process: keep.get(path)?.process ?? createProcess(one, at) });
    }
    const files = await openStatic(layout.staticFolder, layout.overrides);
    return { route: createRouter(layout.routes), files, functions };
  }

  /** Who stops at a breakpoint is not late. */
  function patient(one: FunctionLayout): FunctionLayout {
    return inspect === undefined ? one : { ...one, first: A_DAY, whole: A_DAY };
  }

  let layout = await readLayout(artefact);
  let deployment = await deploy(layout, new Map());
  const server = createFront(() => deployment, secure ? "https" : "http");
  believeClient(server, options.clientHeader);
  const url = await listenAt(server, port, host);

  async function measure(id: string): Promise<Startup> {
    const one = [...layout.functions.values()].find((each) => each.id === id);
    if (!one) throw unknownFunction(id);
    const fresh = createProcess(one);
    const bare = new FunctionProcess({ name: id, variant: "node", env, logs, cache, map: (text) => text });
    try {
      const { port: at, cpu } = await fresh.start();
      // Node's own start is not the function's; of an Edge process the child says what its module alone took.
      const base = one.variant === "edge" ? 0 : (await bare.start()).cpu;
      const before = await fresh.cpu();
      const address = new URL(`http://127.0.0.1:${at}${samplePath(one.routes[0]?.pattern)}`);
      const response = await fetchFrom(address, new Request(address));
      await response.arrayBuffer();
      const after = await fresh.cpu();
      return { startupCpu: Math.max(0, cpu - base) / 1000, firstUseCpu: (after - before) / 1000 };
    } finally {
      await Promise.all([fresh.stop(), bare.stop()]);
    }
  }

  // A debugger attaches before there is a request. What does not start is told to the first one.
  if (inspect !== undefined) for (const { process } of deployment.functions.values()) process.start().catch(() => {});
  return {
    url,
    logs,
    measure,
    fetch: (request) => fetchFrom(url, request),
    async reload(ids) {
      layout = await readLayout(artefact);
      const stay = new Map<string, { layout: FunctionLayout; process: FunctionProcess }>();
      const stop: FunctionProcess[] = [];
      for (const [path, one] of deployment.functions) {
        if (ids.includes(one.layout.id) || !layout.functions.has(path)) stop.push(one.process);
        else stay.set(path, one);
      }
      deployment = await deploy(layout, stay);
      await Promise.all(stop.map((process) => process.stop()));
    },
    async trigger(kind, data) {
      const { pattern } = Object(data);
      if (kind !== "schedule" || !layout.crons.some(({ path }) => path === pattern)) {
        throw unknownTrigger(
          kind,
          pattern,
          layout.crons.map(({ path }) => path),
        );
      }
      const headers = { authorization: `Bearer ${secret}`, "user-agent": "vercel-cron/1.0" };
      const response = await fetchFrom(url, new Request(new URL(pattern, url), { headers }));
      await response.arrayBuffer();
      if (!response.ok) throw triggerFailed(kind, pattern, `it answered ${response.status}`);
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await Promise.all([...deployment.functions.values()].map(({ process }) => process.stop()));
      logs.close();
    },
  };
}
