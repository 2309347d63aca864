/**
 * 1. scan: from the paths of an app's files to its routes. No file of the user is read.
 * @module
 */
import { basename, join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { compareSegments, type Segment } from "@godwit/core/pattern";
import { scanAssets } from "./scan-assets.ts";
import { checkConflicts } from "./scan-conflicts.ts";
import { type Entry, findEntry, listFolder } from "./scan-files.ts";
import { readMatchers, requireMatchers } from "./scan-matchers.ts";
import { isGroup, isSource, isTest, stemOf, toSegment, toSegments } from "./scan-names.ts";
import type { Notice, ScannedApp, ScannedRoute } from "./steps.ts";

/**
 * Scans `routes/`, `matchers/`, `public/` and `env.ts` below the root. The result never depends on the order in which
 * a file system lists a folder. Throws APP_NOT_FOUND, ROUTES_MISSING, ROUTE_NAME_INVALID, ROUTE_CONFLICT,
 * ASSET_CONFLICT, NAME_CASE_CLASH, SPECIAL_FILE_MISPLACED, FILE_DUPLICATE, MATCHER_UNKNOWN, MATCHER_NAME,
 * FOLDER_UNREADABLE, LINK_LOOP and LINK_BROKEN.
 *
 * @example (await scanApp("/srv/app")).routes[0]?.pattern // "/users/[id]"
 */
export async function scanApp(root: string): Promise<ScannedApp> {
  const top = await listFolder(root, "");
  if (!top)
    throw new GodwitError(
      "APP_NOT_FOUND",
      `There is no folder ${root}. Run godwit in an app's folder, or give --root.`,
    );
  if (!top.some((entry) => entry.name === "routes" && entry.kind === "folder")) {
    throw new GodwitError(
      "ROUTES_MISSING",
      `${root} has no folder routes/. An app is a folder with routes/; run godwit there, or give --root.`,
    );
  }
  const found: Found = { routes: [], rootMiddleware: [], notices: [] };
  await walk(root, "routes", { segments: [], middleware: [] }, found, [join(root, "routes")]);
  const matchers = await readMatchers(root, top);
  const assets = await scanAssets(root, top);
  const routes = found.routes.sort((a, b) => compareSegments(a.segments, b.segments) || (a.file < b.file ? -1 : 1));
  requireMatchers(routes, matchers);
  checkConflicts(routes, assets);
  const env = findEntry(top, "env", "");
  return {
    root,
    routes,
    matchers,
    rootMiddleware: found.rootMiddleware,
    ...(found.notFound && { notFound: found.notFound }),
    ...(found.error && { error: found.error }),
    ...(env && { env }),
    assets,
    notices: found.notices,
  };
}

interface Found {
  routes: ScannedRoute[];
  rootMiddleware: string[];
  notices: Notice[];
  notFound?: string;
  error?: string;
}

interface Place {
  segments: Segment[];
  /** Outermost first. */
  middleware: string[];
}

async function walk(
  root: string,
  folder: string,
  place: Place,
  found: Found,
  above: readonly string[] = [],
): Promise<void> {
  const entries = (await listFolder(root, folder, above)) ?? [];
  const own = findEntry(entries, "_middleware", `${folder}/`);
  const middleware = own ? [...place.middleware, own] : place.middleware;
  if (folder === "routes") {
    found.rootMiddleware = middleware;
    found.notFound = findEntry(entries, "_not-found", "routes/");
    found.error = findEntry(entries, "_error", "routes/");
  }
  for (const entry of entries) {
    const file = `${folder}/${entry.name}`;
    if (isSkipped(entry)) continue;
    if (entry.kind === "folder") {
      const segments = isGroup(entry.name) ? place.segments : [...place.segments, toSegment(entry.name, file)];
      await walk(root, file, { segments, middleware }, found, [...above, entry.real]);
    } else if (!isSource(entry.name)) {
      const message = `${file} is not a route: routes are .ts, .tsx, .mts, .js, .jsx or .mjs. Static files belong in public/.`;
      found.notices.push({ code: "ROUTE_FILE_IGNORED", message });
    } else if (entry.name.startsWith("_")) {
      refuseMisplaced(folder, entry.name);
    } else if (!isTest(entry.name)) {
      found.routes.push({ file, ...toSegments(place.segments, stemOf(basename(entry.name)), file), middleware });
    }
  }
}

/** `.well-known` is a path of RFC 8615; what else starts with a dot belongs to tools. */
function isSkipped({ name, kind }: Entry): boolean {
  if (name.startsWith(".")) return name !== ".well-known";
  return (kind === "folder" && (name.startsWith("_") || name === "node_modules")) || /\.d\.[mc]?ts$/.test(name);
}

function refuseMisplaced(folder: string, name: string): void {
  const stem = stemOf(name);
  if (folder === "routes" || (stem !== "_not-found" && stem !== "_error")) return;
  throw new GodwitError(
    "SPECIAL_FILE_MISPLACED",
    `${folder}/${name} must be ${join("routes", name)}: an app has one ${stem === "_error" ? "error" : "404"} answer, at the root of routes/.`,
  );
}
