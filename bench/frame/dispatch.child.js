/**
 * Calls a fetch app in this process. Argument: the module of the app. Asked with `{ request, cpu }`, answers with the
 * nanoseconds of CPU of one call, over about `cpu` milliseconds.
 * @module
 */
import { pathToFileURL } from "node:url";

const { default: app } = await import(pathToFileURL(process.argv[2]).href);
const execution = { env: {}, waitUntil() {}, platform: { name: "bench", raw: undefined } };

process.on("message", async ({ bench: { request, cpu } }) => {
  try {
    const { url, status, ...init } = request;
    const call = async () => {
      const response = await app.fetch(new Request(url, init), execution);
      if (response.status !== status) throw new Error(`${url} answered ${response.status}, not ${status}`);
      return response;
    };
    await (await call()).text();
    let calls = 0;
    const begin = process.cpuUsage();
    for (let used = 0; used < cpu * 1000; ) {
      for (let at = 0; at < 500; at++) await call();
      calls += 500;
      const { user, system } = process.cpuUsage(begin);
      used = user + system;
    }
    const { user, system } = process.cpuUsage(begin);
    process.send({ bench: ((user + system) * 1000) / calls });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
