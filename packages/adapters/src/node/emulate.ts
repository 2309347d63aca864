/**
 * The local half of Node: runs the built `server.mjs` in a process of its own, as it will run anywhere else.
 * @module
 */
import type { Artefact, EmulateOptions, Emulator, Startup, Tools } from "@godwit/bundler/contracts";
import { fetchFrom } from "../_emulate/client.ts";
import { unknownFunction, unknownTrigger } from "../_emulate/errors.ts";
import { Logs } from "../_emulate/logs.ts";
import { clientFlags } from "../_emulate/raw.ts";
import { samplePath } from "../_emulate/sample.ts";
import { createStacks } from "../_emulate/stacks.ts";
import { type ProcessOptions, ServerProcess } from "./_emulate/server-process.ts";

export const tools: Record<string, string> = {};

export const fronts: readonly string[] = [];

/** A single run says little on a busy machine: the median of these is taken. */
const ROUNDS = 5;

/**
 * Runs a built artefact. The server sees `options.env`, `PATH`, `HOST` and `PORT`, and nothing else of this process.
 * Rejects with PORT_IN_USE, PORT_FORBIDDEN, HOST_UNKNOWN, EMULATOR_START_FAILED, NODE_SERVER_ENDED or NODE_SERVER_SLOW.
 */
export async function emulate(artefact: Artefact, _tools: Tools, options: EmulateOptions = {}): Promise<Emulator> {
  const { host = "127.0.0.1", dev = false, inspect } = options;
  const { root, manifest } = artefact;
  const name = manifest.functions[0]?.id ?? "server";
  const logs = new Logs();
  let closed = false;

  const toOptions = (port: number): ProcessOptions => ({
    name,
    logs,
    map: createStacks(root).map,
    flags: [...(dev ? ["--enable-source-maps"] : []), ...clientFlags(options.clientHeader)],
    env: {
      PATH: process.env.PATH ?? "",
      NODE_ENV: dev ? "development" : "production",
      ...options.env,
      HOST: host,
      PORT: String(port),
    },
  });
  async function open(port: number): Promise<{ server: ServerProcess; url: URL }> {
    const settings = toOptions(port);
    if (inspect !== undefined) settings.flags.push(`--inspect=127.0.0.1:${inspect}`);
    const server = new ServerProcess(settings, root);
    try {
      return { server, url: await server.ready(settings.map) };
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  const first = await open(options.port ?? 0);
  const { url } = first;
  let current: ServerProcess | undefined = first.server;
  watch(first.server);

  function watch(server: ServerProcess): void {
    server.ended.then(() => {
      if (closed || server !== current) return;
      logs.push({ function: name, level: "error", text: "The server ended. It starts again at the next build." });
    });
  }

  async function measureOnce(): Promise<Startup> {
    const bare = new ServerProcess(toOptions(0));
    const base = await bare.cpu().finally(() => bare.stop());
    const { server, url } = await open(0);
    try {
      const before = await server.cpu();
      const address = new URL(samplePath(manifest.functions[0]?.routes[0]?.pattern), url);
      const response = await fetchFrom(url, new Request(address));
      await response.arrayBuffer();
      const after = await server.cpu();
      return { startupCpu: Math.max(0, before - base) / 1000, firstUseCpu: (after - before) / 1000 };
    } finally {
      await server.stop();
    }
  }

  return {
    url,
    logs,
    fetch: (request) => fetchFrom(url, request),
    async reload() {
      const before = current;
      // Marked as gone first, so that its end is no news.
      current = undefined;
      await before?.stop();
      current = (await open(Number(url.port))).server;
      watch(current);
    },
    async trigger(kind, data) {
      const { pattern } = Object(data);
      const known = manifest.triggers.map((trigger) => trigger.pattern);
      if (kind !== "schedule" || !known.includes(pattern)) {
        throw unknownTrigger(kind, pattern, known);
      }
      await current?.schedule(pattern);
    },
    async measure(id) {
      if (!manifest.functions.some((fn) => fn.id === id)) {
        throw unknownFunction(id);
      }
      const rounds: Startup[] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await measureOnce());
      return {
        startupCpu: median(rounds.map((round) => round.startupCpu)),
        firstUseCpu: median(rounds.map((round) => round.firstUseCpu)),
      };
    },
    async close() {
      closed = true;
      await current?.stop();
      logs.close();
    },
  };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
