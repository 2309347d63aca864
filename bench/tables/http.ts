/**
 * HTTP on Node: throughput for the CPU that the server's process used, p99 and memory, 64 connections.
 * @module
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Child, startChild } from "../frame/child.ts";
import { findContestants, openTemporary, prepareServer } from "../frame/contestants.ts";
import { runLoad } from "../frame/load.ts";
import { choose, type TableOptions } from "../frame/options.ts";
import { freePort } from "../frame/port.ts";
import { TABLE } from "../frame/requests.ts";
import type { Table } from "../frame/result.ts";
import { type Column, type Row, runRounds } from "../frame/rounds.ts";

const BASE = "hand-written";
const CONNECTIONS = 64;

/** Milliseconds of one figure. */
const TIME = 400;

interface Used {
  cpu: number;
  rss: number;
}

export async function measure(options: TableOptions & { time?: number } = {}): Promise<Table> {
  const { rounds = 5, time = TIME } = options;
  const contestants = choose(findContestants("table", "node"), options);
  const columns = Object.keys(TABLE).map(
    (name): Column => ({ name, relation: "ratio", unit: "requests a CPU second" }),
  );
  const servers = new Map<string, { child: Child; port: number; idle: number }>();
  const { folder, remove } = openTemporary();
  try {
    for (const name of contestants) servers.set(name, await start(await prepareServer(name, "table", folder)));
    const slowest = new Map<string, number[]>();
    const run = async (name: string, column: string, milliseconds: number): Promise<number | undefined> => {
      const server = servers.get(name);
      const ask = TABLE[column];
      if (!server || !ask) return undefined;
      const before = await server.child.ask<Used>("used");
      const { requests, p99 } = await runLoad(server.port, ask, CONNECTIONS, milliseconds);
      const after = await server.child.ask<Used>("used");
      if (column === "root") slowest.set(name, [...(slowest.get(name) ?? []), p99]);
      return (requests * 1e6) / (after.cpu - before.cpu);
    };
    for (const name of contestants) for (const column of Object.keys(TABLE)) await run(name, column, time);
    slowest.clear();
    const measured = (name: string, column: string) => run(name, column, time);
    const rows = await runRounds({ contestants, columns, base: BASE, rounds, mean: true, measure: measured });
    const more: Column[] = [
      { name: "p99 of root", relation: "value", unit: "ms" },
      { name: "idle RSS", relation: "over", unit: "MB" },
    ];
    const rest = await runRounds({
      contestants,
      columns: more,
      base: BASE,
      rounds,
      async measure(name, column, round) {
        return column === "idle RSS" ? (servers.get(name)?.idle ?? 0) / 2 ** 20 : slowest.get(name)?.[round];
      },
    });
    return {
      name: "http",
      about: `HTTP servers on Node, ${CONNECTIONS} connections: requests for a second of the server's CPU.`,
      base: BASE,
      rounds,
      columns: [...columns, { name: "geomean", relation: "ratio", unit: "" }, ...more],
      rows: rows.map((row, at): Row => ({ ...row, cells: [...row.cells, ...(rest[at]?.cells ?? [])] })),
    };
  } finally {
    for (const { child } of servers.values()) await child.stop();
    remove();
  }
}

async function start(file: string): Promise<{ child: Child; port: number; idle: number }> {
  const port = await freePort();
  const probe = new URL("../frame/probe.js", import.meta.url).href;
  const child = startChild(file, { execArgv: ["--import", probe], env: { PORT: String(port), HOST: "127.0.0.1" } });
  try {
    await waitFor(port);
    await sleep(100);
    return { child, port, idle: (await child.ask<Used>("used")).rss };
  } catch (cause) {
    await child.stop();
    throw cause;
  }
}

async function waitFor(port: number): Promise<void> {
  for (const end = Date.now() + 10_000; ; await sleep(20)) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch (cause) {
      if (Date.now() > end) throw new Error(`Nothing listens on port ${port}.`, { cause });
    } finally {
      socket.destroy();
    }
  }
}
