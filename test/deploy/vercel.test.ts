import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { emulate } from "@godwit/adapters/vercel/emulate";
import { toArtefact } from "@godwit/adapters/vercel/upload";
import {
  type BuiltArtefact,
  type ControlPlane,
  type Deployer,
  type DeployInput,
  deployers,
  type RunArtefact,
} from "@godwit/deploy";
import { buildApp, createClock, temporary, tools } from "./apps.fixture.ts";

const appOf = (text: string) => ({
  "routes/index.ts": `export const GET = (_request, { platform }) => new Response(${JSON.stringify(text)});`,
  "routes/word.ts": `export const config = { runtime: "node" };\nexport const GET = () => new Response(process.env.WORD ?? "none");`,
});

test("plans, ships, verifies beside the live release and switches", async (t) => {
  const plane = await rehearse(t);
  const first = await buildApp(t, "vercel", appOf("one"));
  const deployer = await open(plane, first, { WORD: "a" });
  assert.deepEqual([...((await deployer.kinds[0]?.list()) ?? [])], []);
  await create(deployer);
  const release = await deployer.release(none);
  assert.equal(release.share, 0);
  const { url, headers } = await deployer.candidate(release);
  assert.equal(await text(new URL("/word", url), headers), "a");
  await deployer.switch(release);
  const [live] = await deployer.urls();
  assert.ok(live);
  assert.equal(await text(live), "one");
  assert.equal((await deployer.releases())[0]?.share, 1);
});

const none = { get: () => undefined, find: () => undefined };

async function create(deployer: Deployer): Promise<void> {
  for (const spec of await deployer.specs()) {
    const kind = deployer.kinds.find(({ name }) => name === spec.kind);
    assert.ok(kind, spec.kind);
    const live = (await kind.list()).get(spec.name);
    if (live === undefined) await kind.create(spec, none);
    else if (kind.diff(spec.value, live).length) await kind.update(spec, live, none);
  }
}

async function text(url: URL, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(url, { headers })).text();
}

async function rehearse(t: TestContext): Promise<ControlPlane> {
  const vendor = await deployers.vercel?.();
  const run: RunArtefact = async (upload) => {
    const artefact = await toArtefact(upload, await temporary(t, "upload-"));
    const functionEnv = Object.fromEntries(upload.units.map(({ name, env }) => [name, { ...env }]));
    const emulator = await emulate(artefact, tools, { functionEnv });
    return {
      url: emulator.url,
      fetch: emulator.fetch,
      startup: async (unit) => (await emulator.measure(unit)).startupCpu,
      logs: emulator.logs,
      close: emulator.close,
    };
  };
  const plane = await vendor?.rehearse?.({ folder: await temporary(t, "plane-"), run });
  assert.ok(plane);
  t.after(() => plane.close());
  return plane;
}

async function open(
  plane: ControlPlane,
  artefact: BuiltArtefact,
  vars: Record<string, string> = {},
): Promise<Deployer> {
  const vendor = await deployers.vercel?.();
  assert.ok(vendor);
  const input: DeployInput = {
    app: "links",
    stage: "production",
    artefact,
    settings: vendor.parseSettings({}),
    vars,
    secrets: {},
    env: plane.env,
    clock: createClock(),
    signal: new AbortController().signal,
    warn: (line) => assert.fail(line),
  };
  return vendor.open(input);
}
