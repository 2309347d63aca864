/**
 * Files that are saved before any request has reached them: what is broken in them is told at once all the same.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { nameFor } from "./dev-failure.ts";
import { DISPATCHER, routeModule } from "./dev-routes.ts";
import type { ScannedApp } from "./steps.ts";
import { parseSource } from "./syntax.ts";

const CODE = /\.[cm]?[jt]sx?$/;
const TEST = /\.(?:test|spec)\.\w+$/;

export interface Unasked {
  app: ScannedApp;
  /** Patterns of the routes that this graph serves. */
  patterns: readonly string[];
  /** Absolute, of files that the graph does not hold. */
  files: readonly string[];
}

/** The generated modules which, once they are compiled, say what is wrong with these files. */
export function modulesOver({ app, patterns, files }: Unasked): Set<string> {
  const ids = new Set<string>();
  const all = new Set([DISPATCHER, ...patterns.map(routeModule)]);
  for (const path of files) {
    const file = nameFor(app.root, path);
    if (!CODE.test(file) || !existsSync(path)) continue;
    const routes = app.routes.filter(({ pattern }) => patterns.includes(pattern));
    const route = routes.find((one) => one.file === file) ?? routes.find(({ middleware }) => middleware.includes(file));
    const own = [...app.rootMiddleware, ...Object.values(app.matchers), app.notFound, app.error, app.env];
    if (own.includes(file)) ids.add(DISPATCHER);
    else if (route) ids.add(routeModule(route.pattern));
    // Who imports it is known once all are read, which costs too much for a file that is well.
    else if (!TEST.test(file) && isBroken(path, readFileSync(path, "utf8"))) return all;
  }
  return ids;
}

/** Those of the app's own files that have a syntax error, absolute. One after another, so that requests come between. */
export async function findBroken({ root, routes, ...app }: ScannedApp): Promise<string[]> {
  const own = [...Object.values(app.matchers), app.notFound, app.error, app.env].filter((file) => file !== undefined);
  const files = new Set([
    ...routes.flatMap(({ file, middleware }) => [file, ...middleware]),
    ...app.rootMiddleware,
    ...own,
  ]);
  const broken: string[] = [];
  for (const file of files) {
    const path = join(root, file);
    const text = await readFile(path, "utf8").catch(() => "");
    if (CODE.test(file) && isBroken(path, text)) broken.push(path);
  }
  return broken;
}

function isBroken(path: string, text: string): boolean {
  try {
    parseSource(path, text);
    return false;
  } catch {
    return true;
  }
}
