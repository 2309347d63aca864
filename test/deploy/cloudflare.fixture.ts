/**
 * The rehearsal of Cloudflare, and a deployer that is opened against it.
 * @module
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { emulate } from "@godwit/adapters/cloudflare/emulate";
import { toArtefact } from "@godwit/adapters/cloudflare/upload";
import {
  type BuiltArtefact,
  type ControlPlane,
  type Deployed,
  type Deployer,
  type DeployerModule,
  type DeployInput,
  type DeployOptions,
  deploy,
  deployers,
  type FaultPlan,
  guarded,
  type RunArtefact,
} from "@godwit/deploy";
import { answerWith, createClock, runIn, temporary } from "./apps.fixture.ts";

export async function vendor(): Promise<DeployerModule> {
  const found = await deployers.cloudflare?.();
  assert.ok(found);
  return found;
}

/** In workerd. */
export const inWorkerd = (t: TestContext): RunArtefact => runIn(t, { emulate, toArtefact });

/** Answers with a word of the Worker's modules, without a runtime: for tests of the calls. */
export const inNothing: RunArtefact = async ({ units: [front] }) => {
  // Without those whose classes alone are taken.
  const own = Object.entries(front?.files ?? {}).filter(
    ([path]) => !/^modules\/(godwit-classes|rehearsal-home)\//.test(path),
  );
  const source = Buffer.concat(own.map(([, bytes]) => bytes)).toString("utf8");
  const empty = source.includes("Nothing is released here yet");
  const text = /Response\("(one|two|theirs)"/.exec(source)?.[1] ?? "";
  return answerWith((_req, res) => res.writeHead(empty ? 503 : 200, empty ? { "godwit-empty": "1" } : {}).end(text));
};

export async function rehearse(
  t: TestContext,
  run: RunArtefact,
  { fault, folder }: { fault?: FaultPlan; folder?: string } = {},
): Promise<ControlPlane> {
  const { rehearse: start } = await vendor();
  const plane = await start?.({ folder: folder ?? (await temporary(t, "plane-")), run, ...(fault && { fault }) });
  assert.ok(plane);
  t.after(() => plane.close());
  return plane;
}

export async function inputOf(
  plane: ControlPlane,
  artefact: BuiltArtefact | undefined,
  more: Partial<DeployInput> = {},
): Promise<DeployInput> {
  const { parseSettings } = await vendor();
  return {
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
  };
}

export async function open(
  plane: ControlPlane,
  artefact: BuiltArtefact | undefined,
  more: Partial<DeployInput> = {},
): Promise<Deployer> {
  return (await vendor()).open(await inputOf(plane, artefact, more));
}

/** As the command does with `--yes --prune`. */
export async function ship(
  plane: ControlPlane,
  artefact: BuiltArtefact,
  more: Partial<DeployInput> = {},
  options: Partial<DeployOptions> = {},
): Promise<Deployed> {
  const input = await inputOf(plane, artefact, more);
  const { open: begin } = await vendor();
  const deployer = await guarded(input, () => begin(input)); // as the command opens it: what fails has a code
  return deploy({
    deployer,
    input,
    requests: [{ method: "GET", path: "/", status: 200 }],
    confirm: async () => ({ go: true, remove: true }),
    onEvent: () => {},
    ...options,
  });
}

export async function textOf(url: URL, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(url, { headers })).text();
}
