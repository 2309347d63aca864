/**
 * The environment an app needs, declared once in `env.ts`. The build reads its names alone; the values are checked
 * at boot or on the first request, at deploy for the stage, and by `godwit doctor`.
 * @module
 */
import { GodwitError } from "./errors.ts";
import type { EnvDefinition } from "./types.ts";

/** The part of Standard Schema (standardschema.dev, version 1) that is used; zod, valibot, arktype and others fit. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** The value that a schema gives. */
export type OutputOf<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];

export interface EnvSpec<Vars, Secret> {
  /** A schema for each variable. It is given the raw value: a string, `undefined` when it is not set, or a binding. */
  vars?: Vars;
  /**
   * Which variables are secrets: kept out of bundles, manifests and messages. A name that is not in `vars` is a
   * required string that must not be empty.
   */
  secrets?: readonly Secret[];
}

type Flat<T> = { [K in keyof T]: T[K] };
export type EnvOf<Vars extends Record<string, StandardSchema>, Secret extends string> = Flat<
  { [K in keyof Vars]: OutputOf<Vars[K]> } & { [K in Exclude<Secret, keyof Vars>]: string }
>;

/** One variable that is missing or wrong. The message of a secret never tells its value. */
export interface EnvIssue {
  name: string;
  message: string;
}

/** Code `ENV_INVALID`: every variable that is missing or wrong, in one error. */
export class EnvError extends GodwitError {
  readonly issues: readonly EnvIssue[];
  constructor(issues: readonly EnvIssue[]) {
    const lines = issues.map(({ name, message }) => `\n  ${name} ${message}`);
    super("ENV_INVALID", `The environment lacks what env.ts asks for. Set for this stage:${lines.join("")}`);
    this.name = "EnvError";
    this.issues = issues;
  }
}

/**
 * Declares the environment: `env.ts` exports what this returns as its default, and `context.env` is what it parses.
 * `parse` throws one EnvError, or `ENV_SCHEMA_ASYNC` for a schema that answers with a promise. Variables that are not
 * declared are not in `context.env`; they stay in `context.platform.raw`.
 *
 * @example
 * export default defineEnv({
 *   vars: { DATABASE_URL: z.url(), PORT: z.coerce.number().default(3000) },
 *   secrets: ["DATABASE_URL", "API_KEY"],
 * });
 */
export function defineEnv<
  const Vars extends Record<string, StandardSchema> = Record<never, never>,
  const Secret extends string = never,
>(spec: EnvSpec<Vars, Secret>): EnvDefinition<EnvOf<Vars, Secret>> {
  const vars = new Map<string, StandardSchema>(Object.entries(spec.vars ?? {}));
  const secrets = [...new Set<string>(spec.secrets)].sort();
  const names = [...new Set([...vars.keys(), ...secrets])].sort();
  return {
    names,
    secrets,
    parse(raw) {
      const issues: EnvIssue[] = [];
      const env: Record<string, unknown> = {};
      for (const name of names) {
        const value = raw[name];
        const result = check(name, vars.get(name), value);
        if (!result.issues) {
          env[name] = result.value;
          continue;
        }
        // A schema's message may quote the value.
        const why = secrets.includes(name) ? "" : `: ${result.issues.map((issue) => issue.message).join(", ")}`;
        issues.push({ name, message: value === undefined ? "is missing" : `is wrong${why}` });
      }
      if (issues.length > 0) throw new EnvError(issues);
      return env as EnvOf<Vars, Secret>; // each name holds what its schema gave
    },
  };
}

function check(name: string, schema: StandardSchema | undefined, value: unknown): StandardResult<unknown> {
  if (!schema) return typeof value === "string" && value !== "" ? { value } : { issues: [{ message: "is empty" }] };
  let result: ReturnType<StandardSchema["~standard"]["validate"]>;
  try {
    result = schema["~standard"].validate(value);
  } catch (error) {
    return { issues: [{ message: error instanceof Error ? error.message : String(error) }] };
  }
  if (!(result instanceof Promise)) return result;
  result.catch(() => {});
  throw new GodwitError("ENV_SCHEMA_ASYNC", `The schema of ${name} in env.ts is asynchronous. Use one that is not.`);
}
