/**
 * The rehearsal of Vercel, and a deployer that is opened against it.
 * @module
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { emulate } from "@godwit/adapters/vercel/emulate";
import { toArtefact } from "@godwit/adapters/vercel/upload";
import {
  type BuiltArtefact,
  type ControlPlane,
  type Deployer,
  type DeployerModule,
  type DeployInput,
  deploy,
  deployers,
  type FaultPlan,
  type RunArtefact,
} from "@godwit/deploy";
import { answerWith, createClock, runIn, temporary } from "./apps.fixture.ts";
import type { Shipping } from "./faults.fixture.ts";

export const appOf = (text: string): Record<string, string> => ({
  "routes/index.ts": `export const GET = () => new Response(${JSON.stringify(text)});`,
  "routes/word.ts":
    'export const config = { runtime: "node" };\nexport const GET = () => new Response([process.env.WORD, process.env.KEY].join(" "));',
});

export async function vendor(): Promise<DeployerModule> {
  const found = await deployers.vercel?.();
  assert.ok(found);
  return found;
}

export async function rehearse(t: TestContext, fault?: FaultPlan, folder?: string): Promise<ControlPlane> {
  const run = runIn(t, { emulate, toArtefact });
  const { rehearse: start } = await vendor();
  const plane = await start?.({ folder: folder ?? (await temporary(t, "plane-")), run, ...(fault && { fault }) });
  assert.ok(plane);
  t.after(() => plane.close());
  return plane;
}

export async function open(
  plane: ControlPlane,
  artefact: BuiltArtefact | undefined,
  more: Partial<DeployInput> = {},
): Promise<Deployer> {
  const { open: start, parseSettings } = await vendor();
  return start({
    app: "links",
    stage: "production",
    ...(artefact && { artefact }),
    settings: parseSettings({}),
    vars: {},
    secrets: {},
    env: plane.env,
    clock: createClock(),
    signal: new AbortController().signal,
    warn: () => {},
    ...more,
  });
}

/** What is uploaded is not what these tests are about: the word of its index function stands for it. */
const inNothing: RunArtefact = async ({ units }) => {
  const files = Object.values(units.find(({ name }) => name.endsWith("index"))?.files ?? {});
  const word = /word-(?:one|two)/.exec(Buffer.concat(files).toString())?.[0] ?? "nothing";
  return answerWith((_req, res) => res.end(word));
};

/** A rehearsal that runs nothing. */
export async function startEmpty(t: TestContext, folder: string, fault?: FaultPlan): Promise<ControlPlane> {
  const plane = await (await vendor()).rehearse?.({ folder, run: inNothing, ...(fault && { fault }) });
  assert.ok(plane);
  t.after(() => plane.close());
  return plane;
}

const SECRET = "canary-2f9b81d0c4";

/** As the command does with `--yes`; whatever is said, a secret is not. Gives the outcome. */
export async function ship(plane: ControlPlane, artefact: BuiltArtefact, options: Shipping = {}): Promise<string> {
  const { later = 0, signal = new AbortController().signal } = options;
  const { parseSettings } = await vendor();
  const input = {
    app: "links",
    stage: "production",
    artefact,
    settings: parseSettings({}),
    vars: {},
    secrets: { KEY: SECRET },
    env: { ...plane.env, GODWIT_CALL_TIMEOUT: "800" },
    clock: createClock(Date.now() + later),
    signal,
    warn: (line: string) => said.push(line),
  };
  const said: string[] = [];
  const deployer = await open(plane, artefact, input);
  try {
    const done = await deploy({
      deployer,
      input,
      requests: [{ method: "GET", path: "/" }],
      confirm: async () => ({ go: true, remove: false }),
      onEvent: (event) => said.push(JSON.stringify(event)),
    });
    said.push(JSON.stringify(done));
    return done.outcome;
  } catch (error) {
    said.push(error instanceof Error ? `${error.stack}${error.cause}` : String(error));
    throw error;
  } finally {
    assert.ok(!said.join().includes(SECRET));
  }
}

export const nothing = { get: (): undefined => undefined, find: (): undefined => undefined };

/** What the engine does before a release, one kind after the other. */
export async function prepare(deployer: Deployer): Promise<void> {
  for (const spec of await deployer.specs()) {
    const kind = deployer.kinds.find(({ name }) => name === spec.kind);
    assert.ok(kind, spec.kind);
    const live = (await kind.list()).get(spec.name);
    if (live === undefined) await kind.create(spec, nothing);
    else if (kind.diff(spec.value, live).length) await kind.update(spec, live, nothing);
  }
}

export async function textOf(url: URL, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(url, { headers })).text();
}
