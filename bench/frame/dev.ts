/**
 * Dev servers as contestants: started, edited under, asked until they answer with the change.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type DevApp, FIRST, writeGodwit, writeHono } from "./dev-apps.ts";
import { freePort } from "./port.ts";

export interface DevServer {
  /** Milliseconds from the command to the first answer. */
  start: number;
  /** Milliseconds from a save to the first answer with it. */
  edit(text: string): Promise<number>;
  stop(): Promise<void>;
}

interface Contestant {
  write(root: string, routes: number): DevApp;
  /** Of Node. */
  command(port: string, root: string): string[];
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const godwit = (target: string): Contestant => ({
  write: writeGodwit,
  command: (port, root) => [
    at("../../packages/cli/src/bin.ts"),
    "dev",
    "--root",
    root,
    "--port",
    port,
    "--target",
    target,
  ],
});

export const DEV_SERVERS: Readonly<Record<string, Contestant>> = {
  "godwit on Node": godwit("node"),
  "hono, node --watch": { write: writeHono, command: () => ["--watch", "src/server.ts"] },
  "hono, tsx watch": {
    write: writeHono,
    command: () => [at("../node_modules/tsx/dist/cli.mjs"), "watch", "src/server.ts"],
  },
  "hono, vite": {
    write: writeHono,
    command: (port) => [at("../node_modules/vite/bin/vite.js"), "--port", port, "--strictPort", "--host", "127.0.0.1"],
  },
  "godwit in workerd": godwit("cloudflare"),
  "hono, wrangler dev": {
    write: writeHono,
    command: (port) => [
      at("../node_modules/wrangler/bin/wrangler.js"),
      ...["dev", "--port", port, "--ip", "127.0.0.1", "--show-interactive-dev-session=false"],
    ],
  },
};

/** Longer than any of them takes for 1,000 routes. */
const PATIENCE = 60_000;

export function writeDevApp(name: string, root: string, routes: number): DevApp {
  const contestant = DEV_SERVERS[name];
  if (!contestant) throw new TypeError(`There is no dev server ${name}.`);
  return contestant.write(root, routes);
}

/** Resolves with its first answer. */
export async function startDev(name: string, app: DevApp, expected = FIRST): Promise<DevServer> {
  const port = await freePort();
  const begin = performance.now();
  const child = spawn(process.execPath, DEV_SERVERS[name]?.command(String(port), app.root) ?? [], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: app.root,
    env: { ...process.env, PORT: String(port), NODE_ENV: "development", WRANGLER_SEND_METRICS: "false", CI: "1" },
    // a group of its own: watchers start servers of theirs
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const gone = once(child, "exit");
  const stop = async (): Promise<void> => {
    const timer = setTimeout(() => kill(child.pid, "SIGKILL"), 5000);
    if (child.exitCode === null && child.signalCode === null) {
      kill(child.pid, "SIGINT");
      await gone;
    }
    clearTimeout(timer);
    kill(child.pid, "SIGKILL");
  };
  const until = async (text: string, from: number): Promise<number> => {
    for (;;) {
      const answer = await ask(port);
      if (answer === text) return performance.now() - from;
      if (child.exitCode !== null || performance.now() - from > PATIENCE) {
        await stop();
        throw new Error(`${name} never answered ${JSON.stringify(text)}, but ${JSON.stringify(answer)}:\n${output}`);
      }
      await sleep(2);
    }
  };
  const start = await until(expected, begin);
  return {
    start,
    stop,
    async edit(text) {
      await sleep(150); // people do not save while the last save is still read
      const from = performance.now();
      app.edit(text);
      return until(text, from);
    },
  };
}

function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // nobody of the group is left
  }
}

/** The text of an answer; undefined without one. */
function ask(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const settings = { host: "127.0.0.1", port, path: "/r0", agent: false, timeout: PATIENCE };
    const outgoing = get(settings, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (part) => (text += part));
      incoming.on("end", () => resolve(text)).on("error", () => resolve(undefined));
    });
    outgoing.on("error", () => resolve(undefined)).on("timeout", () => outgoing.destroy());
  });
}
