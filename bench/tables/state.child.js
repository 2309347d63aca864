/**
 * One contestant's operations on its stores in a process of its own. Argument: the contestant's module, which exports
 * `open(env)` with an operation a column: `{ "hit, Redis": () => Promise<Response> }`. Asked with `{ column, cpu }`,
 * answers with the microseconds of CPU of one, and how many round trips it takes.
 * @module
 */
import { Socket } from "node:net";
import { pathToFileURL } from "node:url";

const { open } = await import(pathToFileURL(process.argv[2]).href);

/** Requests of fetch, and writes on sockets that fetch did not open. */
let trips = 0;
let fetching = 0;
const { fetch } = globalThis;
globalThis.fetch = async (...given) => {
  trips++;
  fetching++;
  try {
    const response = await fetch(...given);
    const body = await response.arrayBuffer();
    return new Response(body, response);
  } finally {
    fetching--;
  }
};
const { write } = Socket.prototype;
Socket.prototype.write = function (...given) {
  if (fetching === 0) trips++;
  return write.apply(this, given);
};

const operations = await open(process.env);

process.on("message", async ({ bench: { column, cpu } }) => {
  try {
    const run = operations[column];
    if (!run) return process.send({ bench: null });
    const call = async () => {
      const response = await run();
      await response.text();
      return response.status;
    };
    for (let at = 0; at < 50; at++) await call();
    const status = column.startsWith("blocked") ? 429 : 200;
    const before = trips;
    for (let at = 0; at < 20; at++) if ((await call()) !== status) throw new Error(`${column}: not ${status}`);
    const each = (trips - before) / 20;
    let calls = 0;
    const begin = process.cpuUsage();
    for (let used = 0; used < cpu * 1000; ) {
      for (let at = 0; at < 50; at++) await call();
      calls += 50;
      const { user, system } = process.cpuUsage(begin);
      used = user + system;
    }
    const { user, system } = process.cpuUsage(begin);
    process.send({ bench: { cpu: (user + system) / calls, trips: each } });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
