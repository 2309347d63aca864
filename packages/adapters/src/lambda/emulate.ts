/**
 * The local half: runs a built artefact under AWS's own runtime client, behind a front that plays API Gateway, a
 * Function URL, a load balancer or VPC Lattice. It plays AWS and shares no code with the runtime half.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  Artefact,
  EmulateOptions,
  Emulator,
  EmulatorModule,
  LogLine,
  Tool,
  Tools,
} from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import type { Manifest, ManifestFunction } from "@godwit/core/manifest";
import { fetchFrom } from "../_emulate/client.ts";
import { toolMissing, triggerFailed, unknownFunction, unknownTrigger } from "../_emulate/errors.ts";
import { Logs } from "../_emulate/logs.ts";
import { samplePath } from "../_emulate/sample.ts";
import { createStacks } from "../_emulate/stacks.ts";
import type { EnvironmentSpec } from "./_emulate/environment.ts";
import { createFleet } from "./_emulate/fleet.ts";
import { FORMATS, openFront } from "./_emulate/front.ts";
import { createGuard } from "./_emulate/guard.ts";
import { createMeasure } from "./_emulate/measure.ts";
import { trailerError } from "./_emulate/outcome.ts";
import { newIdentity } from "./_emulate/platform.ts";
import { PRELOAD } from "./_emulate/preload.ts";
import { createFrontRouter } from "./_emulate/router.ts";
import { DYNALITE, openTables, startTables, tablesIn, WHY_DYNALITE } from "./_emulate/tables.ts";

/** The runtime client is a program: it runs from its path and is never loaded. Without one it is looked for from here. */
export const tools: Record<string, string> = {
  "aws-lambda-ric": "AWS's own runtime client, which loads and runs the functions as Lambda does",
};

const TABLE_TOOLS = { [DYNALITE]: WHY_DYNALITE };

export const toolsFor = ({ resources }: Manifest): Record<string, string> =>
  tablesIn(resources, {}).length > 0 ? TABLE_TOOLS : {};

export const tables: EmulatorModule["tables"] = { tools: TABLE_TOOLS, start: (given) => startTables(needTool(given)) };

/** An environment whose answer has left is free within this, in milliseconds: the next request in line keeps its state. */
const PATIENCE = 50;

/** Who stands before the functions. The first is the default. */
export const fronts: readonly string[] = Object.keys(FORMATS);

/**
 * Starts the front at once and environments on demand. `front` defaults to the one that the artefact was built for.
 * Throws EMULATOR_FRONT_UNKNOWN, EMULATOR_TOOL_MISSING, PORT_IN_USE, PORT_FORBIDDEN and HOST_UNKNOWN.
 *
 * @example const emulator = await emulate({ root: "/app/dist/lambda", manifest }, {}, { front: "rest" });
 */
export async function emulate(artefact: Artefact, given: Tools, options: EmulateOptions = {}): Promise<Emulator> {
  const { manifest, root } = artefact;
  const name = options.front ?? manifest.front.kind;
  const stage = manifest.resources.find(({ kind }) => kind === "lambda")?.spec.stage;
  const format = Object.hasOwn(FORMATS, name) && FORMATS[name]?.(typeof stage === "string" ? stage : "$default");
  if (!format) {
    const message = `lambda has no front ${JSON.stringify(name)}. Take one of ${fronts.join(", ")}.`;
    throw new GodwitError("EMULATOR_FRONT_UNKNOWN", message);
  }
  const runtimeClient = given["aws-lambda-ric"]?.path ?? findRuntimeClient();
  const wanted = tablesIn(manifest.resources, { ...options.env });
  const opened = wanted.length > 0 ? await openTables(needTool(given), wanted) : undefined;
  const temporary = await mkdtemp(join(tmpdir(), "godwit-lambda-"));
  const preload = join(temporary, "preload.cjs");
  const bareEntry = join(temporary, "index.mjs");
  await writeFile(preload, PRELOAD);
  await writeFile(bareEntry, "export const handler = async () => ({ statusCode: 204 });\n");

  const { inspect } = options;
  const flags = [
    ...(options.dev ? ["--enable-source-maps"] : []),
    ...(inspect === undefined ? [] : [`--inspect=127.0.0.1:${inspect}`]),
  ];
  const env = { ...(options.dev && { NODE_ENV: "development" }), ...opened?.keys, ...options.env, ...opened?.env };
  const common = { flags, runtimeClient, preload, inspect: inspect !== undefined };
  const specs = new Map<string, EnvironmentSpec>(
    manifest.functions.map((fn) => [
      fn.id,
      {
        ...common,
        ...limitsOf(manifest, fn),
        env: { ...env, ...options.functionEnv?.[fn.id] },
        id: fn.id,
        entry: join(root, fn.entry),
      },
    ]),
  );
  const logs = new Logs();
  const stacks = createStacks(root);
  const log = (line: LogLine) => logs.push({ ...line, text: stacks.map(line.text) });
  const guard = createGuard(temporary);
  let measured: ReturnType<typeof createMeasure> | undefined;
  const fleet = createFleet(specs, guard, log, PATIENCE, inspect === undefined ? undefined : 1);
  const router = createFrontRouter(manifest.front.routes, format.toPath !== undefined);
  const host = options.host ?? "127.0.0.1";
  const cleanUp = async () => {
    await fleet.close();
    await guard.close();
    logs.close();
    await opened?.close();
    await rm(temporary, { recursive: true, force: true });
  };
  const patient = inspect === undefined ? format : { ...format, patience: undefined };
  const opening = openFront(
    { name, format: patient, router, fleet, log, secure: options.secure === true, clientHeader: options.clientHeader },
    host,
    options.port ?? 0,
  );
  const { server, url } = await opening.catch(async (cause: unknown) => {
    await cleanUp();
    throw cause;
  });

  // A debugger attaches before there is a request.
  if (inspect !== undefined) for (const id of specs.keys()) fleet.warm(id);
  return {
    url,
    fetch: (request) => fetchFrom(url, request),
    async reload(ids) {
      stacks.clear();
      await fleet.reload(ids);
    },
    async trigger(kind, data) {
      const pattern = kind === "schedule" ? (data as { pattern?: unknown } | undefined)?.pattern : undefined; // compared below
      const trigger = manifest.triggers.find((one) => one.kind === kind && one.pattern === pattern);
      if (!trigger) {
        const known = manifest.triggers.filter((one) => one.kind === "schedule").map((one) => one.pattern);
        throw unknownTrigger(kind, pattern ?? data, known);
      }
      const payload = Buffer.from(JSON.stringify({ godwit: kind, pattern }));
      const outcome = await fleet.invoke(trigger.function, payload, newIdentity().trace);
      if (outcome.kind === "stream") for await (const _ of outcome.body);
      const failure = outcome.kind === "error" ? outcome.type : outcome.kind === "stream" && trailerError(outcome.body);
      if (failure) throw triggerFailed(kind, pattern, failure);
    },
    async measure(id) {
      const spec = specs.get(id);
      if (!spec) throw unknownFunction(id);
      const sample = samplePath(manifest.functions.find((one) => one.id === id)?.routes[0]?.pattern);
      const path = format.toPath?.(sample) ?? sample;
      const port = Number(url.port);
      const request = { method: "GET", path, query: "", headers: [], body: Buffer.alloc(0), ip: "127.0.0.1", port };
      const matched = router("GET", path) ?? { routeKey: "$default", params: {}, function: id };
      const payload = Buffer.from(JSON.stringify(format.event(request, matched, newIdentity())));
      measured ??= createMeasure({ ...spec, id: "bare", entry: bareEntry }, guard);
      return measured(spec, payload);
    },
    logs,
    async close() {
      server.close();
      await cleanUp();
      server.closeAllConnections();
    },
  };
}

/** As deploy sets them (seconds there, milliseconds here), else what the route files ask for. */
function limitsOf({ resources }: Manifest, { id, settings }: ManifestFunction): { memory?: number; timeout?: number } {
  const spec = resources.find(({ kind, name }) => kind === "lambda" && name === id)?.spec ?? {};
  return {
    memory: typeof spec.memory === "number" ? spec.memory : settings.memory,
    timeout: typeof spec.timeout === "number" ? spec.timeout * 1000 : settings.timeout,
  };
}

function needTool(given: Tools): Tool {
  const tool = given[DYNALITE];
  if (tool) return tool;
  throw toolMissing(`${DYNALITE}@4`);
}

function findRuntimeClient(): string {
  try {
    return createRequire(import.meta.url).resolve("aws-lambda-ric");
  } catch {
    throw toolMissing("aws-lambda-ric@4", "--save-dev --ignore-scripts");
  }
}
