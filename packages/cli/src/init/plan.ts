/**
 * What `godwit init` writes into a folder, decided before anything is written.
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import type { Manager } from "./manager.ts";
import { addToPackage, isPlaceholder, type PackageJson, parsePackage } from "./package-json.ts";
import {
  type AppOptions,
  configOf,
  GITIGNORE,
  newPackage,
  PNPM_WORKSPACE,
  packageOf,
  ROUTES,
  readmeOf,
  TEST,
  TSCONFIG,
} from "./templates.ts";
import { toFileError, type Writing } from "./write.ts";

export interface InitPlan extends Required<Writing> {
  name: string;
  /** Files that are there and stay as they are. */
  kept: string[];
  /** Those that the package had: they stay as they are. */
  scripts: Record<string, string>;
}

/** What a folder may hold and still count as empty: what hosts and systems put into a new one. */
const HARMLESS =
  /^(?:\.git|\.gitignore|\.gitattributes|\.github|\.DS_Store|Thumbs\.db|\.idea|\.vscode|LICENSE.*|README.*)$/i;
/** As a config's `name`, which deploying wants. */
const NAME = /^[a-z][a-z0-9-]{0,62}$/;

export interface InitOptions {
  target: string;
  manager: Manager;
  /** Default: the folder's own name in lower case. */
  name?: string;
}

/** Whether a folder has a package.json to add to. */
export function isPackage(root: string): boolean {
  return existsSync(join(root, "package.json"));
}

/** Throws APP_NAME_INVALID, FOLDER_IS_FILE, FOLDER_NOT_EMPTY, FOLDER_NOT_WRITABLE and PACKAGE_INVALID. */
export function planInit(root: string, { target, manager, name: given }: InitOptions): InitPlan {
  const entries = list(root);
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string }; // our own package.json
  if (entries.includes("package.json")) return planAddition(root, { target, manager, version, name: "" });
  const strangers = entries.filter((entry) => !HARMLESS.test(entry));
  if (strangers.length > 0) {
    throw new GodwitError(
      "FOLDER_NOT_EMPTY",
      `${root} has files (${strangers.slice(0, 3).join(", ")}${strangers.length > 3 ? ", ..." : ""}) and no package.json. Name a new folder, as in \`godwit init my-app\`, or run \`npm init\` there first to add Godwit to what it holds.`,
    );
  }
  const name = given ?? basename(root).toLowerCase();
  if (!NAME.test(name)) {
    throw new GodwitError(
      "APP_NAME_INVALID",
      `An app cannot be called ${JSON.stringify(name)}: lower-case letters, digits and hyphens, at most 63, a letter first. Choose another folder, or give --name.`,
    );
  }
  const options = { name, target, manager, version };
  return sort(root, name, {
    "package.json": newPackage(options),
    ...ROUTES,
    "app.test.ts": TEST,
    "README.md": readmeOf(options),
    ...common(root, options),
  });
}

/** What stands in a new app and an old package alike. */
function common(root: string, { target, manager }: AppOptions): Record<string, string> {
  return {
    "tsconfig.json": TSCONFIG,
    ".gitignore": GITIGNORE,
    ...(target !== "node" && { [findConfig(root) ?? "godwit.config.ts"]: configOf(target) }),
    ...(manager === "pnpm" && !findAbove(root, "pnpm-workspace.yaml") && { "pnpm-workspace.yaml": PNPM_WORKSPACE }),
  };
}

function planAddition(root: string, options: AppOptions): InitPlan {
  const path = join(root, "package.json");
  const text = read(path, () => readFileSync(path, "utf8"));
  const own = parsePackage(path, text);
  const isNew = !existsSync(join(root, "routes")) || list(join(root, "routes")).length === 0;
  // the app's own runner would take ours for a test of its own kind
  const isNodeTest =
    own.scripts?.test === undefined || isPlaceholder(own, "test") || /\bnode\b.* --test\b/.test(own.scripts.test);
  const test = own.type === "module" ? "app.test.ts" : "app.test.mts";
  const plan = sort(root, typeof own.name === "string" ? own.name : "app", {
    ...(isNew && ROUTES),
    ...(isNew && isNodeTest && { [test]: TEST }),
    ...common(root, options),
  });
  plan.scripts = own.scripts ?? {};
  const changed = addToPackage(path, text, withoutTest(packageOf(options), isNew && isNodeTest));
  if (changed === text) plan.kept.unshift("package.json");
  else plan.replace["package.json"] = changed;
  return plan;
}

/** A script `test` that finds no test would fail. */
function withoutTest(wanted: PackageJson, isTested: boolean): PackageJson {
  const { test, ...scripts } = wanted.scripts ?? {};
  return isTested ? wanted : { ...wanted, scripts };
}

function sort(root: string, name: string, files: Record<string, string>): InitPlan {
  const isThere = ([path]: [string, string]) => existsSync(join(root, path));
  const all = Object.entries(files);
  return {
    name,
    create: Object.fromEntries(all.filter((file) => !isThere(file))),
    kept: all.filter(isThere).map(([path]) => path),
    replace: {},
    scripts: {},
  };
}

function findConfig(root: string): string | undefined {
  return ["ts", "mts", "js", "mjs"].map((end) => `godwit.config.${end}`).find((file) => existsSync(join(root, file)));
}

/** The nearest such file in the folder or above it. */
function findAbove(root: string, file: string): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, file))) return join(folder, file);
    if (folder === dirname(folder)) return undefined;
  }
}

/** What a workspace of pnpm's must say before the tools' install scripts run; undefined where it says so. */
export function workspaceAdvice(root: string): string | undefined {
  const path = findAbove(root, "pnpm-workspace.yaml");
  const text = path === undefined ? undefined : read(path, () => readFileSync(path, "utf8"));
  if (text === undefined || /^\s+["']?esbuild["']?:/m.test(text)) return undefined;
  return `${path} is there already and stays as it is. Where pnpm asks whose install scripts may run, add to it:\n${PNPM_WORKSPACE}`;
}

/** The names in a folder; none where there is no folder yet. */
function list(folder: string): string[] {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) return [];
  if (found.isDirectory()) return read(folder, () => readdirSync(folder));
  throw new GodwitError("FOLDER_IS_FILE", `${folder} is a file. Name a folder.`);
}

function read<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw toFileError(path, cause as NodeJS.ErrnoException); // node:fs throws nothing else
  }
}
