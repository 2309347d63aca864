/**
 * A reader's shell: runs the commands of a page one after the other, with the workspace's own `godwit`.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { root, wordsOf } from "./blocks.ts";

/** Where the docs say that the server listens. */
const SERVER = /(?:http:\/\/)?(?:127\.0\.0\.1|localhost):3000/g;
/** Asks a reader, who says yes. */
const ASKS = /^npx godwit (?:deploy|destroy)\b/;
/** Commands that go on until they are told to stop. */
const SERVES = /^(?:npx godwit|npm run) (?:dev|preview)\b/;
const PATIENCE = 60_000;

export interface Shell {
  /** Gives standard output. Throws where the command fails, with all that it printed. */
  run(command: string): Promise<string>;
  close(): Promise<void>;
}

/** A shell in a folder. `bin` is a folder of its own, for stand-ins of what a reader has. */
export function openShell(folder: string, bin: string): Shell {
  const env = readersEnv(bin);
  let cwd = folder;
  let server: Server | undefined;
  const close = async () => {
    await server?.stop();
    server = undefined;
  };
  return {
    close,
    async run(command) {
      const [program, first = ""] = wordsOf(command);
      if (program === "cd") {
        cwd = resolve(cwd, first);
        return "";
      }
      if (SERVES.test(command)) {
        await close();
        const port = command.startsWith("npm") ? "-- --port 0" : "--port 0";
        server = await startServer(`${command} ${port}`, cwd, env);
        return "";
      }
      const url = server?.url ?? "http://no.server.was.started.invalid";
      const own = program === "curl" ? `${command.replaceAll(SERVER, url)} --silent --show-error --fail` : command;
      return await runToEnd(ASKS.test(command) ? `${own} --yes` : own, cwd, env);
    },
  };
}

/** `npx godwit` is the workspace's, installing does nothing since all is there, and a browser opens nothing. */
function readersEnv(bin: string): NodeJS.ProcessEnv {
  mkdirSync(bin, { recursive: true });
  const godwit = `exec "${process.execPath}" "${join(root, "packages/cli/src/bin.ts")}" "$@"`;
  const path = [bin, join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const scripts = {
    npx: `[ "$1" = godwit ] || exit 1\nshift\n${godwit}`,
    npm: `[ "$1" = install ] && exit 0\nPATH="${path.replace(`${bin}${delimiter}`, "")}" exec npm "$@"`,
    pnpm: '[ "$1" = install ]',
    godwit,
    "xdg-open": "exit 0",
    open: "exit 0",
  };
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const own = Object.entries(process.env).filter(([name]) => !/^(?:npm_|NODE_TEST_CONTEXT|INIT_CWD)/i.test(name));
  return { ...Object.fromEntries(own), PATH: path, NO_COLOR: "1" };
}

function start(command: string, cwd: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn("sh", ["-c", command], { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
}

async function runToEnd(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = start(command, cwd, env);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (data) => (stdout += String(data)));
  child.stderr?.on("data", (data) => (stderr += String(data)));
  const timer = setTimeout(() => killGroup(child), PATIENCE);
  const code = await new Promise<number | null>((done) => child.on("close", done));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}

interface Server {
  /** Without a slash at its end. */
  url: string;
  stop(): Promise<void>;
}

function startServer(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Server> {
  const child = start(command, cwd, env);
  const ended = new Promise<void>((done) => child.on("close", () => done()));
  let printed = "";
  return new Promise((done, fail) => {
    const timer = setTimeout(() => killGroup(child), PATIENCE);
    const stop = () => {
      killGroup(child);
      return ended;
    };
    const take = (data: unknown) => {
      printed += String(data);
      const url = /https?:\/\/[\w.[\]:]+:\d+(?=\/)/.exec(printed)?.[0];
      if (!url) return;
      clearTimeout(timer);
      done({ url, stop });
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    void ended.then(() => fail(new Error(`${command} ended before it served:\n${printed}`)));
  });
}

/** The command and all that it started. */
function killGroup({ pid, exitCode }: ChildProcess): void {
  if (pid && exitCode === null) process.kill(-pid, "SIGTERM");
}
