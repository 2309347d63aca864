import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const SOURCE = `
import { createApp } from "@godwit/core/app";
import { rateLimit } from "@godwit/core/middleware/rate-limit";
import { gcra } from "@godwit/core/rate-limit/gcra";
import { native } from "@godwit/core/rate-limit/native";
import { onePattern } from "@godwit/core/router";
import { toWorker } from "./index.ts";
const limits = [{ algorithm: gcra, limit: 4, window: 3_600_000, burst: 4 }];
const middleware = [rateLimit({ first: native("FLOOD", { period: 10 }), limits })];
export default toWorker(createApp(onePattern([], { pattern: "/", module: { GET: () => new Response("in") }, middleware })));
`;

test("Cloudflare's binding refuses before the limits are asked; without one they are alone", async (t) => {
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    write: false,
  });
  const worker = { modules: true, script: outputFiles[0]?.text ?? "", compatibilityDate: "2026-07-30" };
  const ratelimits = { FLOOD: { namespace_id: "1001", simple: { limit: 2, period: 10 as const } } };
  const runtime = new Miniflare({
    workers: [
      { ...worker, name: "bound", ratelimits },
      { ...worker, name: "unbound" },
    ],
  });
  t.after(() => runtime.dispose());
  const ask = async (name: string, ip: string) => {
    const { fetch } = await runtime.getWorker(name);
    const headers = { "cf-connecting-ip": ip };
    const { status, headers: answer } = await fetch("http://localhost/", { headers });
    return [status, answer.get("ratelimit"), answer.get("retry-after")];
  };
  const all = async (name: string) => {
    const answers: unknown[] = [];
    for (let count = 0; count < 5; count++) answers.push((await ask(name, "192.0.2.1"))[0]);
    return answers;
  };
  // The window of the binding is of the clock: five at once may lie in two of them.
  const bound = await all("bound");
  assert.deepEqual([bound[0], bound.filter((status) => status === 429).length > 0], [200, true]);
  assert.deepEqual(await all("unbound"), [200, 200, 200, 200, 429]);
  assert.equal((await ask("bound", "192.0.2.2"))[0], 200);
});
