/**
 * The build half for AWS Lambda: a folder and a zip for each function, and the front's routes.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { Builder, BuiltFile, BuiltFunction, Emitted, FunctionPlan, Target } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import type { ManifestTrigger } from "@godwit/core/manifest";
import { printAssets } from "../_build/assets-index.ts";
import { nodeBundle } from "../_build/node-bundle.ts";
import { type LambdaConfig, lambdaConfig } from "./config.ts";
import { createFront } from "./front.ts";
import { FRONTS, type FrontName, isAlone, isStreaming, SPARE } from "./limits.ts";

/** The target `lambda`. */
export const target: Target<LambdaConfig> = {
  name: "lambda",
  deployer: "aws",
  variants: FRONTS,
  config: lambdaConfig,

  limits({ frontRoutes, front }, variant = front) {
    const isGateway = target.variants[variant]?.limits.frontRoutes !== undefined;
    return isGateway ? { frontRoutes: frontRoutes - SPARE } : {};
  },

  choose({ route }, { front }) {
    const { runtime, regions } = route.config;
    if (runtime && runtime !== "node") {
      throw new GodwitError(
        "LAMBDA_RUNTIME",
        `${route.file} asks for the runtime "${runtime}", and the target lambda runs Node alone. Take \`runtime\` out of its config, or build it for another target.`,
      );
    }
    if (regions?.length) {
      throw new GodwitError(
        "LAMBDA_REGIONS",
        `${route.file} asks for regions, and a Lambda app is in the region that it is deployed to. Take \`regions\` out of its config.`,
      );
    }
    return { variant: front, reason: reasonOf(front) };
  },

  esbuild: () => nodeBundle,

  entry: writeEntry,
  emit: emitFunctions,
};

/** What the front makes of a function: how many there may be, and how an answer leaves. The build names the front. */
function reasonOf(front: FrontName): string {
  const many = isAlone(front) ? "it has one function behind it" : "routes may have functions of their own";
  const most = `${Math.round((FRONTS[front].limits.responseBytes ?? 0) / 1_048_576)} MiB`;
  return `${many}, answers leave ${isStreaming(front) ? "as they are written" : "whole"}, ${most} at most`;
}

function writeEntry(fn: FunctionPlan, config: LambdaConfig): string {
  const { trustProxy, basePath, front } = config;
  const streams = isStreaming(front);
  const make = streams ? "toStreamingHandler" : "toHandler";
  const names = [make];
  const options: string[] = [];
  if (trustProxy) options.push(`trustProxy: ${trustProxy}`);
  if (basePath) options.push(`basePath: ${JSON.stringify(basePath)}`);
  if (fn.servesAssets) {
    names.push("openFiles");
    options.push("files: openFiles(import.meta.url)");
  }
  if (fn.routes.some((route) => route.config.schedule)) {
    names.push("runSchedule");
    options.push("schedule: runSchedule");
  }
  if (fn.usesWaitUntil && !streams) {
    names.push("createBackground");
    // Registration ends with the first invocation, so that the module has to wait for it.
    options.push("background: await createBackground()");
  }
  const given = options.length ? `, { ${options.join(", ")} }` : "";
  return [
    'import app from "godwit:app";',
    `import { ${names.sort().join(", ")} } from "@godwit/adapters/lambda";`,
    `export const handler = ${make}(app${given});`,
    "",
  ].join("\n");
}

async function emitFunctions(builder: Builder<LambdaConfig>): Promise<Emitted> {
  const { functions, assets, config } = builder;
  const plans = functions.map(({ plan }) => plan);
  if (isAlone(config.front) && plans.length > 1) {
    throw new GodwitError(
      "LAMBDA_ONE_FUNCTION",
      `The front ${config.front} has one function behind it, and the build made ${plans.length} (${plans.map(({ id }) => id).join(", ")}). Use the front http-api or rest-stream, or take \`split\` out of the routes' config.`,
    );
  }
  const files = await readAssets(builder);
  const emitted: Emitted["functions"] = [];
  for (const built of functions) emitted.push(writeFunction(builder, built, built.plan.servesAssets ? files : []));
  const paths = assets.map(({ path }) => path);
  const routes = isAlone(config.front)
    ? plans.map(({ id }) => ({ match: "$default", function: id }))
    : createFront(plans, paths, config.front);
  if (routes.length > config.frontRoutes) {
    throw new GodwitError(
      "LAMBDA_FRONT_ROUTES",
      `API Gateway takes ${config.frontRoutes} routes, and the app needs ${routes.length}: a file of public/ whose path a route would take has one of its own. Put such files below a folder that no route is in, or take the front function-url.`,
    );
  }
  return {
    front: { kind: config.front, routes },
    functions: emitted,
    resources: plans.map(({ id, routes, settings }) => ({
      kind: "lambda",
      name: id,
      spec: {
        architecture: config.architecture ?? (routes.some(isNative) ? "x64" : "arm64"),
        handler: "index.handler",
        invokeMode: isStreaming(config.front) ? "RESPONSE_STREAM" : "BUFFERED",
        memory: Math.max(config.memory, settings.memory ?? 0),
        runtime: config.runtime,
        stage: config.stage,
        // A route's own time is kept inside the function; the platform's must be longer.
        timeout: Math.min(900, Math.max(config.timeout, Math.ceil((settings.timeout ?? 0) / 1000) + 1)),
      },
    })),
    triggers: plans.flatMap((plan) =>
      plan.routes.flatMap(({ pattern, config: { schedule } }): ManifestTrigger[] =>
        schedule ? [{ kind: "schedule", schedule, pattern, function: plan.id }] : [],
      ),
    ),
  };
}

const isNative = ({ needs }: FunctionPlan["routes"][number]): boolean => needs.some(({ kind }) => kind === "native");

function writeFunction(builder: Builder<LambdaConfig>, built: BuiltFunction, assets: BuiltFile[]) {
  const { id } = built.plan;
  const [entry, ...others] = built.files;
  if (!entry) {
    throw new GodwitError("LAMBDA_FUNCTION_EMPTY", `The function ${id} has no files. Report this as a bug.`);
  }
  // Chunks name each other, never the entry, so that it can take the name that the runtime looks for.
  const files = [{ ...entry, path: "index.mjs" }, ...others, ...assets];
  const folder = `functions/${id}`;
  for (const { path, contents } of files) builder.write(`${folder}/${path}`, contents);
  const zip = `${folder}.zip`;
  builder.write(zip, builder.zip(files));
  return { id, entry: `${folder}/index.mjs`, files: files.map(({ path }) => `${folder}/${path}`), zip };
}

/** `public/` and its index, as `files.ts` reads them. */
async function readAssets({ assets }: Builder<LambdaConfig>): Promise<BuiltFile[]> {
  if (assets.length === 0) return [];
  const files = assets.map(
    async ({ path, source }): Promise<BuiltFile> => ({ path: `public${path}`, contents: await readFile(source) }),
  );
  const index = new TextEncoder().encode(await printAssets(assets));
  return [{ path: "assets.json", contents: index }, ...(await Promise.all(files))];
}
