/**
 * AWS: a Lambda function for each of the app's, behind an HTTP API or a Function URL.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { ControlPlane, Deployer, DeployInput, RehearsalOptions } from "../../contracts.ts";
import { nothingDeployed } from "../../engine/errors.ts";
import { hashOf } from "../../engine/names.ts";
import type { FunctionValue } from "./functions.ts";
import { functionKind } from "./functions.ts";
import { createHttpApi } from "./http-api.ts";
import { createLock } from "./lock.ts";
import { logGroupKind } from "./log-group.ts";
import { createLogs } from "./logs.ts";
import { createParameters } from "./parameters.ts";
import { policyKind, roleKind } from "./role.ts";
import { scheduleKind, scheduleSpecs } from "./schedules.ts";
import { createSecrets } from "./secrets.ts";
import { parseSettings } from "./settings.ts";
import { toFunctions, toSpecs } from "./specs.ts";
import { openStage } from "./stage.ts";

export { parseSettings };

export async function open(input: DeployInput): Promise<Deployer> {
  return openWith(input);
}

/** `timeout`: milliseconds that one call may take, for tests of calls that are never answered. */
export async function openWith(input: DeployInput, timeout?: number): Promise<Deployer> {
  const { app, stage: stageName, artefact, vars } = input;
  const stage = openStage(input, timeout);
  const account = await stage.account();
  const parameters = createParameters(stage);
  const secrets = createSecrets(stage, parameters);
  const front = createHttpApi(stage, parameters);
  const triggers = artefact?.manifest.triggers ?? [];
  if (artefact && artefact.manifest.front.kind !== "http-api") throw frontUnknown(artefact.manifest.front.kind);
  let functions: FunctionValue[] = [];
  const place = `account ${account.id}, ${account.region}`;
  const fingerprint = () => {
    const { manifest } = artefact ?? {};
    return hashOf([manifest?.hash, vars, stage.settings, manifest?.env.secrets, secrets.state()]).slice(0, 32);
  };

  return {
    place,
    kinds: [
      logGroupKind(stage),
      roleKind(stage),
      policyKind(stage),
      functionKind(stage),
      ...front.kinds,
      scheduleKind(stage),
    ],
    async specs() {
      if (!artefact) return [];
      functions = toFunctions(stage, artefact, await secrets.values());
      return [...(await toSpecs(stage, functions)), ...front.specs(functions), ...scheduleSpecs(stage, triggers)];
    },
    fingerprint,
    secrets,
    lock: createLock(stage, parameters),
    releases: () => front.releases(),
    async release(made) {
      if (!artefact) throw nothingDeployed(app, stageName, place);
      const scheduled = [...new Set(triggers.map((one) => one.function))];
      return front.release(made, { fingerprint: fingerprint(), functions, scheduled });
    },
    candidate: (release) => front.candidate(release),
    switch: (release, share = 1) => front.switch(release, share),
    reset: () => front.reset(),
    urls: () => front.urls(),
    logs: createLogs(stage),
    async destroy() {
      await front.destroy();
      await parameters.remove((await parameters.list("lock")).map(({ name }) => `lock/${name}`));
    },
    async close() {
      stage.close();
    },
  };
}

export async function rehearse(options: RehearsalOptions): Promise<ControlPlane> {
  return (await import("./rehearsal/index.ts")).rehearse(options);
}

function frontUnknown(kind: string): GodwitError {
  return new GodwitError(
    "AWS_FRONT_UNSUPPORTED",
    `The artefact is built for the front ${kind}, which no deploy makes. Build with \`lambda: { front: "http-api" }\`, function-url or function-url-stream.`,
  );
}
