/**
 * The build half for Node: one `server.mjs` that serves everything, its route chunks, `public/` and a Dockerfile.
 * @module
 */
import type { Builder, Capabilities, Emitted, FunctionPlan, Target } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import type { ManifestTrigger } from "@godwit/core/manifest";
import { printAssets } from "../_build/assets-index.ts";
import { nodeBundle } from "../_build/node-bundle.ts";
import { type NodeConfig, nodeConfig } from "./config.ts";
import { writeDockerfile, writeDockerignore } from "./dockerfile.ts";
import { chooseHealth } from "./health.ts";

/** Limits are those of `limits` in the config; a file is streamed from disk, whatever its size. */
const NODE: Capabilities = {
  checked: "2026-11-21",
  runtime: "node",
  streaming: true,
  waitUntil: "after",
  clientAbort: true,
  webSockets: false,
  assets: "function",
  schedule: true,
  nodeBuiltins: "all",
  nativeModules: true,
  front: "self",
  // One process has nothing behind it.
  limits: { functions: 1, requestBytes: 10_485_760 },
};

/** The target `node`. */
export const target: Target<NodeConfig> = {
  name: "node",
  deployer: "node",
  variants: { node: NODE },
  config: nodeConfig,
  limits: (config) => ({ requestBytes: config.limits?.bodyBytes ?? NODE.limits.requestBytes }),

  choose({ route }) {
    const { runtime, regions } = route.config;
    if (runtime && runtime !== "node") {
      throw new GodwitError(
        "NODE_RUNTIME",
        `${route.file} asks for the runtime "${runtime}", and the target node runs Node alone. Take \`runtime\` out of its config, or build it for another target.`,
      );
    }
    if (regions?.length) {
      throw new GodwitError(
        "NODE_REGIONS",
        `${route.file} asks for regions, and a Node server runs where you start it. Take \`regions\` out of its config, or build it for another target.`,
      );
    }
    return { variant: "node", reason: "your own Node server" };
  },

  esbuild: () => nodeBundle,

  entry: writeEntry,
  emit: emitServer,
};

function writeEntry(fn: FunctionPlan, config: NodeConfig): string {
  const { image: _image, health: _health, ...rest } = config;
  const health = chooseHealth(fn.routes, config.health);
  const schedules = schedulesOf(fn);
  const options = { ...rest, ...(health && { health }), ...(schedules.length > 0 && { schedules }) };
  return `import app, { env } from "godwit:app";
import { start } from "@godwit/adapters/node";
await start(app, { ...${JSON.stringify(options)}, env, root: import.meta.url });
`;
}

function schedulesOf(fn: FunctionPlan): [cron: string, pattern: string][] {
  return fn.routes.flatMap(({ pattern, config }) => (config.schedule ? [[config.schedule, pattern]] : []));
}

async function emitServer(builder: Builder<NodeConfig>): Promise<Emitted> {
  const [fn, ...others] = builder.functions;
  const entry = fn?.files[0];
  if (!fn || !entry || others.length > 0) {
    const names = builder.functions.map(({ plan }) => plan.id).join(", ");
    throw new GodwitError(
      "NODE_ONE_FUNCTION",
      `The target node is one server, and the build made ${builder.functions.length} functions (${names}). Take \`split\` out of the routes' config.`,
    );
  }
  const { id, routes } = fn.plan;
  const health = chooseHealth(routes, builder.config.health);
  for (const asset of builder.assets) {
    if (asset.path !== health?.live && asset.path !== health?.ready) continue;
    throw new GodwitError(
      "NODE_HEALTH_PATH",
      `public${asset.path} has the path of a health endpoint. Rename the file, or set \`node.health\` in godwit.config.ts.`,
    );
  }

  // Chunks name each other, never the entry, so that it can take the name that people start.
  const files = ["server.mjs"];
  builder.write("server.mjs", entry.contents);
  for (const file of fn.files.slice(1)) {
    files.push(file.path);
    builder.write(file.path, file.contents);
  }
  builder.write("package.json", `${JSON.stringify({ name: builder.app, private: true, type: "module" }, null, 2)}\n`);
  builder.write("Dockerfile", writeDockerfile(builder.config, health));
  builder.write(".dockerignore", writeDockerignore());
  if (builder.assets.length > 0) {
    builder.write("assets.json", await printAssets(builder.assets));
    files.push("assets.json");
    for (const asset of builder.assets) builder.copy(asset.source, `public${asset.path}`);
  }
  return {
    front: { kind: "node", routes: [{ match: "/*", function: id }] },
    functions: [{ id, entry: "server.mjs", files }],
    triggers: schedulesOf(fn.plan).map(
      ([schedule, pattern]): ManifestTrigger => ({ kind: "schedule", schedule, pattern, function: id }),
    ),
    ...(health?.live && { verify: [{ method: "GET", path: health.live, status: 200 }] }),
  };
}
