/**
 * Stages of AWS on this machine: the rehearsal with the runtime client of AWS, and a deploy as the command makes it.
 * @module
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { emulate } from "@godwit/adapters/lambda/emulate";
import { toArtefact } from "@godwit/adapters/lambda/upload";
import {
  type BuiltArtefact,
  type CanaryPlan,
  type Clock,
  type ControlPlane,
  type Deployed,
  type Deployer,
  type DeployInput,
  defaultRequests,
  deploy,
  deployers,
  type RunArtefact,
} from "@godwit/deploy";
import { type AwsRehearsalOptions, rehearse } from "../../packages/deploy/src/deployers/aws/rehearsal/index.ts";
import { answerWith, createClock, runIn, temporary } from "./apps.fixture.ts";

/** Every function of the set says which release it is of: for tests of the control plane, not of the runtime. */
export const sayWord: RunArtefact = async ({ units }) => {
  const words = units.flatMap(({ files }) => Object.values(files).map((bytes) => Buffer.from(bytes).toString()));
  const [word = "none"] = /release-\w+/.exec(words.join("\n")) ?? [];
  return answerWith((_req, res) => res.end(word));
};

export async function startPlane(
  t: TestContext,
  options: Partial<AwsRehearsalOptions> & { clock: Clock },
): Promise<ControlPlane> {
  // Closed before its folder goes; where that is the test's own, it may be gone, and there is nothing to keep.
  let plane: ControlPlane | undefined;
  t.after(() => plane?.close().catch(() => {}));
  const folder = options.folder ?? (await temporary(t, "plane-"));
  plane = await rehearse({ run: runIn(t, { emulate, toArtefact }), ...options, folder });
  return plane;
}

export interface StageOptions {
  plane: ControlPlane;
  clock: Clock;
  artefact?: BuiltArtefact;
  vars?: Record<string, string>;
  secrets?: Record<string, string>;
  settings?: Record<string, unknown>;
  env?: Record<string, string | undefined>;
  stage?: string;
  app?: string;
  signal?: AbortSignal;
  warn?(line: string): void;
}

export async function toInput(options: StageOptions): Promise<DeployInput> {
  const {
    plane,
    clock,
    artefact,
    vars = {},
    secrets = {},
    settings,
    env,
    stage = "production",
    app = "links",
  } = options;
  const vendor = await deployers.aws?.();
  assert.ok(vendor);
  return {
    app,
    stage,
    ...(artefact && { artefact }),
    settings: vendor.parseSettings(settings),
    vars,
    secrets,
    env: { ...plane.env, ...env },
    clock,
    signal: options.signal ?? new AbortController().signal,
    warn: options.warn ?? ((line) => assert.fail(line)),
  };
}

export async function openStage(options: StageOptions): Promise<{ deployer: Deployer; input: DeployInput }> {
  const input = await toInput(options);
  const vendor = await deployers.aws?.();
  assert.ok(vendor);
  return { deployer: await vendor.open(input), input };
}

/** Plans and does it, as `godwit deploy --yes` does. */
export async function ship(
  options: StageOptions & { prune?: boolean; canary?: CanaryPlan; verify?: boolean },
): Promise<Deployed> {
  const { deployer, input } = await openStage(options);
  const { artefact, canary, prune = false, verify = true } = options;
  try {
    return await deploy({
      deployer,
      input,
      requests: artefact && verify ? defaultRequests(artefact.manifest) : [],
      ...(canary && { canary }),
      confirm: async () => ({ go: true, remove: prune }),
      onEvent: () => {},
    });
  } finally {
    await deployer.close();
  }
}

export async function text(url: URL | undefined, path = "/"): Promise<string> {
  assert.ok(url);
  return (await fetch(new URL(path, url))).text();
}

export { createClock };
