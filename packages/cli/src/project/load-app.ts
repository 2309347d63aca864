/**
 * The whole app in this process, without a build: what tests use.
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleWhole } from "@godwit/bundler";
import type { App, ExecutionContext } from "@godwit/core/types";
import { loadProject } from "./config.ts";
import { readEnvFiles } from "./env-files.ts";

/**
 * Loads an app's routes, middleware and env from its folder. Each call gives an app with a state of its own, and
 * stores of its own in memory. Bindings
 * are what the test passes as `execution.env`, else the `.env` files of the stage `test` under the shell's variables.
 *
 * @example
 * const app = await loadApp(".");
 * const response = await app.fetch(new Request("http://localhost/users/1"));
 */
export async function loadApp(root = "."): Promise<App> {
  process.setSourceMapsEnabled(true); // so that a stack names the app's own files and lines
  const { build } = await loadProject(resolve(root));
  const file = await bundleWhole({ root: resolve(root), stores: Object.keys(build.stores ?? {}) });
  const module = (await import(`${pathToFileURL(file).href}?${counter++}`)) as { default: App };
  const env = { ...(await readEnvFiles(resolve(root), "test")), ...process.env };
  const local: ExecutionContext = { env, waitUntil: () => {}, platform: { name: "local", raw: undefined } };
  return { fetch: (request, execution = local) => module.default.fetch(request, execution) };
}

/** A module is cached by its URL: a new query is a new instance. */
let counter = 0;
