/**
 * AWS: a Lambda function for each of the app's, behind an HTTP API or a Function URL.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { BuiltArtefact, ControlPlane, Deployer, DeployInput, RehearsalOptions, Spec } from "../../contracts.ts";
import { configInvalid, nothingDeployed } from "../../engine/errors.ts";
import { hashOf } from "../../engine/names.ts";
import { findApi } from "./api.ts";
import { bucketKind } from "./bucket.ts";
import { domainKind } from "./domain.ts";
import type { Front } from "./front.ts";
import { createFunctionUrl } from "./function-url.ts";
import type { FunctionValue } from "./functions.ts";
import { functionKind } from "./functions.ts";
import { createHttpApi } from "./http-api.ts";
import { createLock } from "./lock.ts";
import { logGroupKind } from "./log-group.ts";
import { createLogs } from "./logs.ts";
import { readMetrics } from "./metrics.ts";
import { createParameters, type Parameters } from "./parameters.ts";
import { createRecords } from "./records.ts";
import { policyKind, roleKind } from "./role.ts";
import { scheduleKind, scheduleSpecs } from "./schedules.ts";
import { createSecrets } from "./secrets.ts";
import { parseSettings } from "./settings.ts";
import { toFunctions, toSpecs } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";
import { tableKind } from "./tables.ts";

export { parseSettings };

export async function open(input: DeployInput): Promise<Deployer> {
  const { app, stage: stageName, artefact, vars } = input;
  const stage = openStage(input);
  const account = await stage.account();
  const parameters = createParameters(stage);
  const secrets = createSecrets(stage, parameters);
  const front = await chooseFront(stage, parameters);
  const triggers = artefact?.manifest.triggers ?? [];
  const named = artefact?.manifest.resources.find(({ spec }) => spec.stage && spec.stage !== "$default");
  if (named) input.warn(`lambda.stage (${named.spec.stage}) is not applied: a deploy serves at the root of the API.`);
  let functions: FunctionValue[] = [];
  const place = `account ${account.id}, ${account.region}`;
  const fingerprint = () => {
    const { manifest } = artefact ?? {};
    const { role, vpc, layers } = stage.settings;
    // What a version is made of. Retention, statements and the like are not released.
    return hashOf([manifest?.hash, vars, { role, vpc, layers }, manifest?.env.secrets, secrets.state()]).slice(0, 32);
  };

  return {
    place,
    kinds: [
      logGroupKind(stage),
      roleKind(stage),
      policyKind(stage),
      bucketKind(stage),
      tableKind(stage),
      functionKind(stage, front),
      ...front.kinds,
      scheduleKind(stage),
      domainKind(stage),
    ],
    async specs() {
      if (!artefact) return [];
      functions = toFunctions(stage, artefact, await secrets.values());
      return [
        ...(await toSpecs(stage, functions)),
        ...front.specs(functions),
        ...scheduleSpecs(stage, triggers),
        ...domainSpecs(stage, artefact),
      ];
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
    async metrics(release, since) {
      const measured = await front.measured(release);
      return measured && readMetrics(stage, measured, since);
    },
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

/** As the artefact asks for; without one, what is there. */
async function chooseFront(stage: Stage, parameters: Parameters): Promise<Front> {
  const kind = stage.input.artefact?.manifest.front.kind;
  if (kind === undefined) {
    const isUrl = !(await findApi(stage)) && (await createRecords(parameters).list()).size > 0;
    return isUrl ? createFunctionUrl(stage, parameters) : createHttpApi(stage, parameters);
  }
  if (kind === "http-api") return createHttpApi(stage, parameters);
  if (kind === "function-url" || kind === "function-url-stream") return createFunctionUrl(stage, parameters);
  throw new GodwitError(
    "AWS_FRONT_UNSUPPORTED",
    `The artefact is built for the front ${kind}, which no deploy makes. Build with \`lambda: { front: "http-api" }\`, function-url or function-url-stream.`,
  );
}

function domainSpecs({ settings: { domain } }: Stage, { manifest }: BuiltArtefact): Spec[] {
  if (!domain) return [];
  if (manifest.front.kind === "http-api") return [{ kind: "domain", name: domain.name, value: domain.certificate }];
  throw configInvalid(
    ["deploy.aws.domain: a Function URL takes no domain. Build with the front http-api, or put CloudFront before it."],
    "docs/deploy/aws.md",
  );
}
