/**
 * What a Worker's start and its first request cost, by V8's sampling profiler inside workerd: Cloudflare limits the
 * CPU of both, and a clock around a request would measure this machine's other work as well.
 * @module
 */
import { join } from "node:path";
import type { Startup } from "@godwit/bundler/contracts";
import { samplePath } from "../../_emulate/sample.ts";
import type { EmulatedWorker, MiniflareModule } from "./workers.ts";

/** Microseconds between samples: V8's own default of 1000 would miss a small Worker's start. */
const INTERVAL = 100;

/** Loads the Worker's modules inside a first request, then hands it the second. */
const HARNESS = (entry: string, classes: readonly string[]): string => `let worker;
${classes.map((name) => HARNESS_CLASS(entry, name)).join("")}
export default {
  async fetch(request, env, context) {
    if (worker) return worker.fetch(request, env, context);
    worker = (await import(${JSON.stringify(entry)})).default;
    return new Response(null);
  },
};
`;

/** Its objects are there, and loaded with the Worker. */
const HARNESS_CLASS = (entry: string, name: string): string => `export class ${name} {
  constructor(...given) {
    this.given = given;
  }
  async fetch(request) {
    this.object ??= new (await import(${JSON.stringify(entry)})).${name}(...this.given);
    return this.object.fetch(request);
  }
}
`;

/** Starts the Worker in a runtime of its own. `pattern` is a route that the first request takes. */
export async function measureWorker(
  Runtime: MiniflareModule["Miniflare"],
  worker: EmulatedWorker,
  all: readonly EmulatedWorker[],
  pattern: string | undefined,
): Promise<Startup> {
  const { modules, modulesRoot, ...own } = worker.options;
  const entry = `./${(modules[0]?.path ?? "").slice(modulesRoot.length + 1)}`;
  const harness = {
    type: "ESModule",
    path: join(modulesRoot, "measure.js"),
    contents: HARNESS(entry, classesIn(worker)),
  };
  const main = { ...own, assets: undefined, modulesRoot, modules: [harness, ...modules] };
  const others = all.filter((each) => each !== worker).map((each) => each.options);
  const runtime = new Runtime({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    inspectorPort: 0,
    handleStructuredLogs: () => {},
    handleRuntimeStdio: () => {},
    workers: [main, ...others],
  });
  let profiler: Profiler | undefined;
  try {
    await runtime.ready;
    profiler = await openProfiler(await runtime.getInspectorURL(), worker.script);
    const visit = async (path: string): Promise<void> => {
      const response = await runtime.dispatchFetch(`http://localhost${path}`);
      await response.text();
    };
    const startupCpu = await profiler.around(() => visit("/"));
    const firstUseCpu = await profiler.around(() => visit(samplePath(pattern)));
    return { startupCpu, firstUseCpu };
  } finally {
    profiler?.close();
    await runtime.dispose().catch(() => {});
  }
}

/** Classes of objects that are the Worker's own. */
function classesIn({ script, options }: EmulatedWorker): string[] {
  const own = Object.values(Object(options.durableObjects)).filter((each) => Object(each).scriptName === script);
  return [...new Set(own.map((each) => String(Object(each).className)))];
}

interface Profiler {
  /** Milliseconds of CPU that ran while `work` did. */
  around(work: () => Promise<void>): Promise<number>;
  close(): void;
}

interface Profile {
  nodes: { id: number; callFrame: { functionName: string } }[];
  samples: number[];
  timeDeltas: number[];
}

/** chromedevtools.github.io/devtools-protocol/v8/Profiler */
async function openProfiler(inspector: URL, script: string): Promise<Profiler> {
  const list = await fetch(new URL("/json", inspector.href.replace(/^ws/, "http")));
  const targets = (await list.json()) as { id: string; webSocketDebuggerUrl: string }[]; // as the protocol defines it
  const target = targets.find(({ id, webSocketDebuggerUrl }) => `${id} ${webSocketDebuggerUrl}`.includes(script));
  const socket = new WebSocket((target ?? targets[0])?.webSocketDebuggerUrl ?? inspector);
  const waiting = new Map<number, (result: unknown) => void>();
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  let last = 0;
  const send = (method: string, params: object = {}): Promise<unknown> => {
    const id = ++last;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve) => waiting.set(id, resolve));
  };
  await send("Profiler.enable");
  await send("Profiler.setSamplingInterval", { interval: INTERVAL });
  return {
    async around(work) {
      await send("Profiler.start");
      await work();
      const { profile } = (await send("Profiler.stop")) as { profile: Profile }; // as the protocol defines it
      return sumBusy(profile);
    },
    close: () => socket.close(),
  };
}

/** Milliseconds of samples in JavaScript and the collector; what V8 calls program and idle is the runtime's waiting. */
function sumBusy({ nodes, samples, timeDeltas }: Profile): number {
  const waiting = new Set(
    nodes.filter(({ callFrame }) => /^\((?:idle|program|root)\)$/.test(callFrame.functionName)).map(({ id }) => id),
  );
  let microseconds = 0;
  samples.forEach((id, index) => {
    // A delta is the time before its sample.
    if (!waiting.has(id)) microseconds += Math.max(0, timeDeltas[index] ?? 0);
  });
  return microseconds / 1000;
}
