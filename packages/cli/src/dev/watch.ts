/**
 * What changes in the app's folder, told as soon as it can be.
 * @module
 */
import { once } from "node:events";
import { basename, join, relative, sep } from "node:path";

/** What one save writes comes in several events. */
const TICK = 5;

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
  let waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    timer = undefined;
    const paths = waiting;
    waiting = new Set();
    onChange(sort(root, paths));
  };
  watcher.on("all", (event, path) => {
    if (event === "addDir") return;
    waiting.add(path);
    timer ??= setTimeout(tell, TICK);
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
