/**
 * What the artefact asks for, as functions.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { BuiltArtefact, Spec } from "../../contracts.ts";
import { hashOf } from "../../engine/names.ts";
import { DIRECT } from "./code.ts";
import type { FunctionValue } from "./functions.ts";
import { policyName, rolePolicy } from "./role.ts";
import type { Stage } from "./stage.ts";
import { tableSpecs, tableVariables } from "./tables.ts";

/** Lambda's words for what the build calls `arm64` and `x64`. */
const ARCHITECTURES: Record<string, string> = { arm64: "arm64", x64: "x86_64" };
/** Environment of a function, in bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MOST_ENV = 4096;

/** `secrets` are values by name. */
export function toFunctions(
  stage: Stage,
  { manifest }: BuiltArtefact,
  secrets: Record<string, string>,
): FunctionValue[] {
  const { names, settings, input } = stage;
  const given = manifest.env.vars.flatMap((name) => (input.vars[name] === undefined ? [] : [[name, input.vars[name]]]));
  const declared: Record<string, string> = { ...Object.fromEntries(given), ...tableVariables(stage) };
  return manifest.functions.map(({ id, zip, settings: own }) => {
    const spec = manifest.resources.find(({ kind, name }) => kind === "lambda" && name === id)?.spec ?? {};
    const text = (key: string, fallback: string) => (typeof spec[key] === "string" ? spec[key] : fallback);
    const number = (key: string, fallback: number) => (typeof spec[key] === "number" ? spec[key] : fallback);
    if (!zip) {
      throw new GodwitError("AWS_ZIP_MISSING", `The artefact has no zip of ${id}. Build it for the target lambda.`);
    }
    const plain = {
      id,
      name: names.function(id),
      zip: zip.path,
      code: Buffer.from(zip.sha256, "hex").toString("base64"),
      bytes: zip.bytes,
      runtime: text("runtime", "nodejs24.x"),
      handler: text("handler", "index.handler"),
      architecture: ARCHITECTURES[text("architecture", "arm64")] ?? "arm64",
      memory: number("memory", own.memory ?? 512),
      timeout: number("timeout", 30),
      env: declared,
      secrets: Object.keys(secrets).sort(),
      layers: settings.layers,
      logGroup: names.logGroup,
      ...(settings.vpc && { vpc: settings.vpc }),
      ...(settings.role && { role: settings.role }),
    };
    const env = { ...declared, ...secrets };
    const size = Buffer.byteLength(JSON.stringify(env));
    if (size > MOST_ENV) {
      throw new GodwitError(
        "AWS_ENV_TOO_LARGE",
        `The variables and secrets of the stage ${names.stage} take ${size} bytes, and a Lambda function has ${MOST_ENV}. Shorten them, or read large ones from SSM at run time.`,
      );
    }
    return { ...plain, env, hash: hashOf(plain).slice(0, 16) };
  });
}

/** Everything but the front. */
export async function toSpecs(stage: Stage, functions: readonly FunctionValue[]): Promise<Spec[]> {
  const { settings, names } = stage;
  const large = functions.some(({ bytes }) => bytes > DIRECT);
  const document = rolePolicy(stage, await stage.account());
  const policy = policyName(document);
  const role: Spec[] = settings.role
    ? []
    : [
        { kind: "role", name: names.role, value: settings.permissionsBoundary ?? null },
        { kind: "policy", name: policy, after: [`role/${names.role}`], value: document },
      ];
  const bucket: Spec[] = large ? [{ kind: "bucket", name: "code", value: settings.bucket ?? null }] : [];
  const before = [`log group/${names.logGroup}`, ...[...role, ...bucket].map(({ kind, name }) => `${kind}/${name}`)];
  return [
    { kind: "log group", name: names.logGroup, value: settings.logRetention },
    ...role,
    ...bucket,
    ...tableSpecs(stage),
    ...functions.map((value) => ({ kind: "function", name: value.id, after: before, value })),
  ];
}
