import assert from "node:assert/strict";
import { test } from "node:test";
import { type App, createApp, createRouter, type ExecutionContext } from "@godwit/core";
import * as esbuild from "esbuild";
import { toDispatcher, toScheduled, toScheduledDispatcher, toWorker } from "./index.ts";

const context = { waitUntil: () => {} };

/** An app that answers with what the platform gave it. */
function recorder(status = 200): { app: App; calls: { url: string; execution: ExecutionContext | undefined }[] } {
  const calls: { url: string; execution: ExecutionContext | undefined }[] = [];
  const app: App = {
    async fetch(request, execution) {
      calls.push({ url: request.url, execution });
      return new Response("ok", { status });
    },
  };
  return { app, calls };
}

test("bindings, address, id and place reach the app", async () => {
  const { app, calls } = recorder();
  const headers = { "cf-connecting-ip": "2001:db8::1", "cf-ray": "8f00-AMS" };
  const cf = { country: "NL", city: "Amsterdam" };
  const env = { A: 1 };
  const waited: unknown[] = [];
  const request = Object.assign(new Request("https://app.test/", { headers }), { cf });
  await toWorker(app).fetch(request, env, { waitUntil: (promise) => waited.push(promise) });
  const execution = calls[0]?.execution;
  assert.equal(execution?.ip, "2001:db8::1");
  assert.equal(execution?.requestId, "8f00-AMS");
  assert.deepEqual(execution?.geo, cf);
  assert.equal(execution?.env, env);
  assert.deepEqual(execution?.platform, { name: "cloudflare", raw: env });
  assert.equal(execution?.trigger, undefined);
  const promise = Promise.resolve();
  execution?.waitUntil(promise);
  assert.deepEqual(waited, [promise]);
});

test("without the edge's headers there is no address and no id", async () => {
  const { app, calls } = recorder();
  await toWorker(app).fetch(new Request("https://app.test/"), {}, context);
  assert.equal(calls[0]?.execution?.ip, undefined);
  assert.equal(calls[0]?.execution?.requestId, undefined);
  assert.equal(calls[0]?.execution?.geo, undefined);
});

test("a cron calls every route of its own, as a schedule", async () => {
  const { app, calls } = recorder();
  const scheduled = toScheduled(app, { "0 3 * * *": ["/a", "/b"], "0 4 * * *": ["/c"] });
  await scheduled({ cron: "0 3 * * *" }, {}, context);
  assert.deepEqual(
    calls.map(({ url, execution }) => [url, execution?.trigger]),
    [
      ["http://localhost/a", "schedule"],
      ["http://localhost/b", "schedule"],
    ],
  );
  await assert.rejects(scheduled({ cron: "1 1 * * *" }, {}, context), { code: "WORKER_SCHEDULE_UNKNOWN" });
});

test("a cron whose route fails, fails", async () => {
  const scheduled = toScheduled(recorder(500).app, { "0 3 * * *": ["/a"] });
  await assert.rejects(scheduled({ cron: "0 3 * * *" }, {}, context), {
    code: "WORKER_SCHEDULE_FAILED",
    message: /\/a answered 500/,
  });
});

test("a dispatcher hands over the very request and the very answer", async () => {
  const { app, calls } = recorder();
  const behind = createRouter([[["users"], { pattern: "user-pages", module: {}, middleware: [] }]]);
  const dispatcher = toDispatcher(app, behind, { self: "app" });
  const seen: Request[] = [];
  const answer = new Response("theirs");
  const env = {
    FN_USER_PAGES: {
      async fetch(request: Request) {
        seen.push(request);
        return answer;
      },
    },
  };
  const request = new Request("https://app.test/users?x=1");
  assert.equal(await dispatcher.fetch(request, env, context), answer);
  assert.equal(seen[0], request);
  await dispatcher.fetch(new Request("https://app.test/else"), env, context);
  assert.equal(calls.length, 1);
  await assert.rejects(async () => dispatcher.fetch(request, {}, context), { code: "WORKER_SERVICE_MISSING" });
});

test("a dispatcher's cron goes to the entrypoint for schedules, or to itself", async () => {
  const { app, calls } = recorder();
  const urls: string[] = [];
  const env = {
    GODWIT_SCHEDULES: { "0 3 * * *": { "/own": "", "/theirs": "FN_B_SCHEDULE" } },
    FN_B_SCHEDULE: {
      async fetch(request: Request) {
        urls.push(request.url);
        return new Response();
      },
    },
  };
  await toScheduledDispatcher(app)({ cron: "0 3 * * *" }, env, context);
  assert.deepEqual(urls, ["http://localhost/theirs"]);
  assert.equal(calls[0]?.execution?.trigger, "schedule");
  assert.equal(calls[0]?.url, "http://localhost/own");
});

test("no request obtains the trigger of a schedule", async () => {
  const app = createApp(
    createRouter([
      [[], { pattern: "/", module: { GET: (_request, { trigger }) => new Response(trigger) }, middleware: [] }],
    ]),
  );
  const headers = { trigger: "schedule", "x-godwit-trigger": "schedule", "cf-worker": "schedule" };
  const response = await toWorker(app).fetch(new Request("https://app.test/", { headers }), {}, context);
  assert.equal(await response.text(), "http");
});

test("a Worker without schedules carries less than 700 bytes of this folder", async () => {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: 'export { toWorker } from "./index.ts";', resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    external: ["@godwit/*"],
  });
  const bytes = outputFiles[0]?.contents.length ?? Infinity;
  assert.ok(bytes < 700, `${bytes} bytes`);
});
