/**
 * What changes in the app's folder, told as soon as it can be.
 * @module
 */
import { once } from "node:events";
import { statSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";

/** What one save writes comes in several events. */
const TICK = 5;

/** Most editors empty a file and then write it: nothing in it is no save until this many milliseconds later. */
const WRITING = 40;

const IGNORED = new Set(["node_modules", "dist", ".git", ".godwit"]);

export interface Changes {
  /** Code and whatever else it imports: absolute paths. */
  files: string[];
  /** An `.env` file. */
  env: boolean;
  /** What the runtime is started with: paths relative to the app's folder. */
  restart: string[];
}

export interface Watch {
  /** When it knows every file of now. */
  ready: Promise<unknown>;
  close(): Promise<void>;
}

/** Calls back once for what one save writes. Nothing under `node_modules`, `dist`, `.git` and `.godwit` is looked at. */
export async function watch(root: string, onChange: (changes: Changes) => void): Promise<Watch> {
  const { watch: open } = await import("chokidar");
  const isIgnored = (path: string): boolean =>
    path !== root &&
    relative(root, path)
      .split(sep)
      .some((part) => IGNORED.has(part));
  const watcher = open(root, { ignored: isIgnored, ignoreInitial: true, atomic: false, ignorePermissionErrors: true });
  const ready = once(watcher, "ready");
  /** Path -> whether chokidar itself told of it. */
  let waiting = new Map<string, boolean>();
  const known = new Map<string, string>();
  /** Since when files have nothing in them. */
  const empty = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    const held = new Map<string, boolean>();
    const now = performance.now();
    const paths = [...waiting].filter(([path, isTold]) => {
      const state = stateOf(path);
      if (!state.endsWith(EMPTY)) empty.delete(path);
      else if (now - (empty.get(path) ?? now) < WRITING) {
        if (!empty.has(path)) empty.set(path, now);
        held.set(path, isTold);
        return false;
      }
      const before = known.get(path);
      known.set(path, state);
      if (state === FOLDER) return false;
      return state !== before && (isTold || state !== GONE || before !== undefined);
    });
    waiting = held;
    if (held.size > 0) timer = setTimeout(tell, TICK);
    if (paths.length > 0) onChange(sort(root, new Set(paths.map(([path]) => path))));
  };
  const add = (path: string, isTold: boolean): void => {
    waiting.set(path, isTold || waiting.get(path) === true);
    timer ??= setTimeout(tell, TICK);
  };
  watcher.on("all", (_event, path) => add(path, true));
  // The same as the system tells it: chokidar drops a second save within 50 ms, such as a formatter's.
  watcher.on("raw", (_event, name, details) => {
    const { watchedPath } = Object(details) as { watchedPath?: unknown }; // chokidar leaves it untyped
    if (typeof name !== "string" || typeof watchedPath !== "string") return;
    for (const path of basename(watchedPath) === name
      ? [watchedPath, join(watchedPath, name)]
      : [join(watchedPath, name)]) {
      if (!isIgnored(path)) add(path, false);
    }
  });
  watcher.on("error", () => {}); // a folder that went away while it was read is told as gone
  return {
    ready,
    close() {
      clearTimeout(timer);
      return watcher.close();
    },
  };
}

const GONE = "gone";
const EMPTY = " 0";
const FOLDER = "folder";

/** Differs after each save. */
function stateOf(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stats) return GONE;
  return stats.isDirectory() ? FOLDER : `${stats.ino} ${stats.mtimeNs} ${stats.size}`;
}

function sort(root: string, paths: ReadonlySet<string>): Changes {
  const changes: Changes = { files: [], env: false, restart: [] };
  for (const path of paths) {
    const name = relative(root, path);
    if (/^\.env(?:\.|$)/.test(name)) changes.env = true;
    else if (name.startsWith(join("public", "")) || name === "public") changes.restart.push(name);
    else if (/^godwit\.config\.m?[jt]s$/.test(name) || name === "package.json") changes.restart.push(name);
    else if (!basename(name).endsWith("~")) changes.files.push(path);
  }
  return changes;
}
