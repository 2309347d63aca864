/**
 * AWS's own models of its services, as botocore has them: they judge the shape of what is sent and answered.
 * @module
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";

interface Shape {
  type: string;
  required?: string[];
  members?: Record<string, { shape: string; location?: string; locationName?: string }>;
  member?: { shape: string };
  value?: { shape: string };
}
export interface Model {
  operations: Record<string, { input?: { shape: string }; output?: { shape: string } }>;
  shapes: Record<string, Shape>;
}

/** Where botocore keeps its models: that of the program, not of some other Python. */
export async function findModels(aws: string): Promise<string> {
  const script = await realpath(aws);
  const text = readFileSync(script, "utf8").slice(0, 2000);
  const [, python = "python3"] = /^#!\s*(\S+python\S*)/.exec(text) ?? [];
  const print = "import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), 'data'))";
  const ask = (program: string) => spawnSync(program, ["-c", print], { encoding: "utf8" }).stdout?.trim() ?? "";
  const places = [
    "/usr/lib/python3/dist-packages/awscli/botocore/data",
    "/usr/share/aws-cli/awscli/botocore/data",
    join(dirname(script), "../awscli/botocore/data"),
    ask(python),
    ask("python3"),
  ];
  const found = places.find((place) => place !== "" && existsSync(join(place, "lambda")));
  assert.ok(found, "AWS's command is here, and its models are not");
  return found;
}

export function readModel(folder: string, service: string): Model {
  const versions = readdirSync(join(folder, service)).sort();
  const place = join(folder, service, versions.at(-1) ?? "");
  const plain = join(place, "service-2.json");
  return JSON.parse(
    existsSync(plain) ? readFileSync(plain, "utf8") : gunzipSync(readFileSync(`${plain}.gz`)).toString(),
  );
}

const TYPES: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  character: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  integer: Number.isInteger,
  long: Number.isInteger,
  double: (value) => typeof value === "number",
  float: (value) => typeof value === "number",
  timestamp: (value) => typeof value === "number" || !Number.isNaN(Date.parse(String(value))),
  blob: (value) => typeof value === "string",
};

/** What is wrong with a value, by its path. */
export function* faultsOf(model: Model, name: string, value: unknown, path: string): Generator<string> {
  const shape = model.shapes[name];
  if (!shape || value === null) return;
  if (shape.type === "structure") {
    const members = Object.entries(shape.members ?? {});
    const known = new Map(members.map(([key, member]) => [member.locationName ?? key, member.shape]));
    const given = value as Record<string, unknown>; // what is none has no entries
    for (const [key, one] of Object.entries(given)) {
      const inner = known.get(key);
      if (inner === undefined && YOUNGER.has(key)) continue;
      if (inner === undefined) yield `${path}.${key} is not in the model`;
      else yield* faultsOf(model, inner, one, `${path}.${key}`);
    }
    for (const key of shape.required ?? []) {
      const member = shape.members?.[key];
      if (member?.location === undefined && given[member?.locationName ?? key] === undefined)
        yield `${path}.${key} is missing`;
    }
  } else if (shape.type === "list") {
    if (!Array.isArray(value)) yield `${path} is no list`;
    else
      for (const [index, one] of value.entries())
        yield* faultsOf(model, shape.member?.shape ?? "", one, `${path}[${index}]`);
  } else if (shape.type === "map") {
    for (const [key, one] of Object.entries(value as object)) {
      yield* faultsOf(model, shape.value?.shape ?? "", one, `${path}.${key}`);
    }
  } else if (TYPES[shape.type]?.(value) === false) yield `${path} is no ${shape.type}: ${JSON.stringify(value)}`;
}

/** Younger than the models of Debian 12, which are of 2022. */
const YOUNGER = new Set(["LoggingConfig", "InvokeMode"]);
