/**
 * Sees to it that no function outlives the emulator, even when that is killed outright: a stopped process cannot notice
 * that its parent is gone. A shell reads process groups from a pipe and kills those that are left when the pipe ends.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";

const SCRIPT = `trap '' INT TERM HUP
p=" "
while read -r l; do
  n="\${l#?}"
  case "$l" in
    +*) p="$p$n " ;;
    -*) case "$p" in *" $n "*) p="\${p%% $n *} \${p#* $n }" ;; esac ;;
  esac
done
for i in $p; do kill -s KILL -- "-$i" 2>/dev/null; done
rm -rf -- "$1"`;

export interface Guard {
  add(pid: number): void;
  remove(pid: number): void;
  close(): Promise<void>;
}

/** Sends a signal to a whole process group. False when it is gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** What the end of this process ends. One listener for all guards: a rehearsal has one for each release it runs. */
const open: Set<() => void> = new Set();
const endAll = (): void => {
  for (const end of open) end();
};

/**
 * Starts the shell with the first process; Windows has none, and no stopped processes either. `folder` goes with the
 * processes.
 */
export function createGuard(folder: string): Guard {
  const pids = new Set<number>();
  let shell: ChildProcess | undefined;
  const killAll = () => {
    for (const pid of pids) signalGroup(pid, "SIGKILL");
  };
  const tell = (line: string) => {
    if (process.platform === "win32") return;
    if (!shell) {
      shell = spawn("/bin/sh", ["-c", SCRIPT, "sh", folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
      shell.on("error", () => {});
      shell.stdin?.on("error", () => {});
      if (open.size === 0) process.once("exit", endAll);
      open.add(killAll);
    }
    shell.stdin?.write(`${line}\n`);
  };
  return {
    add(pid) {
      pids.add(pid);
      tell(`+${pid}`);
    },
    remove(pid) {
      if (pids.delete(pid)) tell(`-${pid}`);
    },
    async close() {
      killAll();
      open.delete(killAll);
      if (open.size === 0) process.off("exit", endAll);
      const ended = shell;
      if (!ended || ended.exitCode !== null) return;
      const gone = new Promise<void>((resolve) => ended.once("exit", () => resolve()));
      ended.stdin?.end();
      await gone;
    },
  };
}
