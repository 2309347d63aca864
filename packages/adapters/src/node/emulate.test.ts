import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import type { EmulateOptions, Emulator, LogLine } from "@godwit/bundler/contracts";
import { type AppFixture, buildApp, layOut } from "./build.fixture.ts";
import { emulate } from "./emulate.ts";

const HELLO: AppFixture = { routes: { "/": { source: `export const GET = () => new Response("hello");` } } };

async function withEmulator(
  app: AppFixture,
  use: (emulator: Emulator, root: string) => Promise<void>,
  options?: EmulateOptions,
): Promise<void> {
  const { artefact, remove } = await buildApp(app);
  try {
    const emulator = await emulate(artefact, {}, options);
    try {
      await use(emulator, artefact.root);
    } finally {
      await emulator.close();
    }
  } finally {
    remove();
  }
}

async function findLine(emulator: Emulator, pattern: RegExp): Promise<LogLine> {
  for await (const line of emulator.logs) if (pattern.test(line.text)) return line;
  throw new Error(`no log line ${pattern}`);
}

test("a built server runs from its folder, its routes in chunks of their own", async () => {
  const app: AppFixture = {
    routes: {
      ...HELLO.routes,
      "/users/[id]": { source: "export const GET = (_, context) => Response.json([context.params.id, context.env]);" },
    },
  };
  await withEmulator(
    app,
    async (emulator, root) => {
      assert.ok(readdirSync(root).filter((name) => name.endsWith(".mjs")).length >= 3);
      assert.equal(await (await emulator.fetch(new Request(emulator.url))).text(), "hello");
      const [id, env] = await (await fetch(new URL("/users/7", emulator.url))).json();
      assert.equal(id, "7");
      assert.equal(env.COLOUR, "red");
      assert.equal(env.HOME, undefined);
    },
    { env: { COLOUR: "red" } },
  );
});

test("the built server has health endpoints unless a route matches their paths", async () => {
  await withEmulator(HELLO, async ({ url }) => {
    assert.equal((await fetch(new URL("/healthz", url))).status, 200);
    assert.equal((await fetch(new URL("/readyz", url))).status, 200);
  });
  const app = { routes: { "/[slug]": { source: "export const GET = (_, { params }) => new Response(params.slug);" } } };
  await withEmulator(app, async ({ url }) => {
    assert.equal(await (await fetch(new URL("/healthz", url))).text(), "healthz");
  });
  await withEmulator({ ...app, config: { health: { live: "/healthz" } } }, async ({ url }) => {
    assert.equal(await (await fetch(new URL("/healthz", url))).text(), "ok");
    assert.equal(await (await fetch(new URL("/readyz", url))).text(), "readyz");
  });
});

test("logs carry their level, and stacks the lines of the source", async () => {
  const source = `
    export const GET = (_, context) => { context.log.warn("careful"); throw new Error("broken"); };
  `;
  await withEmulator({ routes: { "/": { source } }, maps: true }, async (emulator) => {
    assert.equal((await fetch(emulator.url)).status, 500);
    assert.equal((await findLine(emulator, /careful/)).level, "warn");
    const failure = await findLine(emulator, /broken/);
    assert.equal(failure.level, "error");
    assert.match(failure.text, /virtual:route:0:2:/);
  });
});

test("reload serves the new build at the same address", async () => {
  await withEmulator(HELLO, async (emulator, root) => {
    await layOut({ routes: { "/": { source: `export const GET = () => new Response("changed");` } } }, root);
    await emulator.reload(["server"]);
    assert.equal(await (await fetch(emulator.url)).text(), "changed");
  });
});

test("measure gives the CPU of starting and of the first request", async () => {
  await withEmulator(HELLO, async (emulator) => {
    const { startupCpu, firstUseCpu } = await emulator.measure("server");
    assert.ok(startupCpu > 0 && Number.isFinite(startupCpu));
    assert.ok(firstUseCpu > 0 && Number.isFinite(firstUseCpu));
    await assert.rejects(emulator.measure("other"), { code: "EMULATOR_FUNCTION_UNKNOWN" });
  });
});

test("a schedule is called through the emulator, and only one that the artefact has", async () => {
  const source =
    "export const GET = (_, context) => { console.log('ran by', context.trigger); return new Response(); };";
  const app: AppFixture = { routes: { "/nightly": { source, config: { schedule: "0 3 * * *" } } } };
  await withEmulator(app, async (emulator) => {
    await emulator.trigger("schedule", { pattern: "/nightly" });
    assert.equal((await findLine(emulator, /ran by/)).text, "ran by schedule");
    await fetch(new URL("/nightly", emulator.url));
    await assert.rejects(emulator.trigger("schedule", { pattern: "/" }), { code: "EMULATOR_TRIGGER_UNKNOWN" });
    await assert.rejects(emulator.trigger("queue", {}), { code: "EMULATOR_TRIGGER_UNKNOWN" });
  });
});

test("a port in use is named", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => blocker.once("listening", resolve));
  const address = blocker.address();
  const port = address && typeof address === "object" ? address.port : 0;
  const { artefact, remove } = await buildApp(HELLO);
  try {
    await assert.rejects(emulate(artefact, {}, { port }), {
      code: "PORT_IN_USE",
      message: new RegExp(`Port ${port} is in use`),
    });
  } finally {
    blocker.close();
    remove();
  }
});

test("a server that dies at boot is told with what it printed", async () => {
  const env = `{ names: ["KEY"], secrets: [], parse() { throw Object.assign(new Error("KEY is missing"), { code: "ENV_INVALID" }); } }`;
  const { artefact, remove } = await buildApp({ ...HELLO, env });
  try {
    await assert.rejects(emulate(artefact, {}), {
      code: "EMULATOR_START_FAILED",
      message: /ENV_INVALID: KEY is missing/,
    });
  } finally {
    remove();
  }
});
