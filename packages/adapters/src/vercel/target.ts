/**
 * The build half of Vercel: functions on its Edge or its Node.js runtime, laid out as the Build Output API v3 says.
 * @module
 */
import type { Capabilities, FunctionPlan, Target, VariantChoice, VariantQuestion } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import { nodeBundle } from "../_build/node-bundle.ts";
import { PLANS, schema, type VercelConfig } from "./config.ts";
import { EDGE_DEV } from "./dev.ts";
import { emit } from "./output.ts";

/** https://vercel.com/docs/functions/runtimes/edge: the built-ins that Edge functions may import. */
const EDGE_BUILTINS = ["assert", "async_hooks", "buffer", "events", "util"];
/** 4.5 MB: https://vercel.com/docs/functions/limitations#request-body-size. A streamed answer has no such limit. */
const BODY = 4_500_000;

const common = {
  checked: "2026-11-21",
  streaming: true,
  waitUntil: "after",
  webSockets: false,
  assets: "platform",
  schedule: true,
  front: "regex",
} as const;

const edge: Capabilities = {
  ...common,
  runtime: "edge",
  clientAbort: false, // https://vercel.com/docs/functions/functions-api-reference#cancel-requests: Node.js alone
  nodeBuiltins: EDGE_BUILTINS,
  nativeModules: false,
  dev: EDGE_DEV,
  limits: {
    frontRoutes: 2048,
    functionGzipBytes: PLANS.hobby.edgeGzipBytes,
    requestBytes: BODY,
    duration: 300_000,
  },
};

const node: Capabilities = {
  ...common,
  runtime: "node",
  clientAbort: true,
  nodeBuiltins: "all",
  nativeModules: true,
  limits: {
    frontRoutes: 2048,
    functionBytes: 250 * 1024 * 1024,
    requestBytes: BODY,
    duration: PLANS.hobby.duration * 1000,
  },
};

/** Edge where a route can run there; Node where it cannot, or where its config or the app's says so. */
function choose({ route, lacks }: VariantQuestion, config: VercelConfig): VariantChoice {
  const own = route.config.runtime;
  if (own !== undefined && own !== "edge" && own !== "node") {
    throw new GodwitError(
      "VERCEL_RUNTIME_UNKNOWN",
      `${route.file} asks for the runtime ${JSON.stringify(own)}. Vercel has "edge" and "node".`,
    );
  }
  const asked = own ?? (config.runtime === "auto" ? undefined : config.runtime);
  const by = own ? route.file : "the app's config";
  if (asked === "node") return { variant: "node", reason: `${by} asks for Node` };
  const gap = lacks("edge") ?? lackOfFiles(route);
  if (asked === "edge" && gap) {
    throw new GodwitError(
      "VERCEL_EDGE_IMPOSSIBLE",
      `${by} asks for Edge, where ${route.file} cannot run: ${gap}. Use runtime "node" or leave it out.`,
    );
  }
  if (gap) return { variant: "node", reason: gap };
  return { variant: "edge", reason: asked ? `${by} asks for Edge` : "nothing in it needs Node" };
}

/** An Edge function is one script. */
function lackOfFiles({ external, config, file }: VariantQuestion["route"]): string | undefined {
  if (external.length) return `${file} has packages copied beside it: ${external.join(", ")}`;
  return config.includeFiles?.length ? `${file} includes files` : undefined;
}

function entry(fn: FunctionPlan): string {
  const make = fn.variant === "edge" ? "toEdge" : "toNode";
  const schedules = fn.routes.filter(({ config }) => config.schedule !== undefined).map(({ pattern }) => pattern);
  const options = schedules.length ? `, ${JSON.stringify({ schedules: schedules.sort() })}` : "";
  return [
    'import app from "godwit:app";',
    `import { ${make} } from "@godwit/adapters/vercel";`,
    `export default ${make}(app${options});`,
    "",
  ].join("\n");
}

export const target: Target<VercelConfig> = {
  name: "vercel",
  deployer: "vercel",
  variants: { edge, node },
  config: schema,
  limits({ plan }, variant) {
    const { functions, duration, edgeGzipBytes } = PLANS[plan];
    if (variant === "edge") return { functions, functionGzipBytes: edgeGzipBytes };
    return variant === "node" ? { functions, duration: duration * 1000 } : { functions };
  },
  choose,
  esbuild: (variant) =>
    variant === "edge"
      ? {
          platform: "browser",
          target: "es2022",
          conditions: ["edge-light", "worker", "browser"],
          mainFields: ["browser", "module", "main"],
          format: "esm",
          selfContained: true,
          dynamicImport: false,
          external: EDGE_BUILTINS.flatMap((name) => [name, `node:${name}`]),
          define: { "process.env.NODE_ENV": '"production"' },
        }
      : nodeBundle,
  entry,
  async emit(builder) {
    return emit(builder);
  },
};
