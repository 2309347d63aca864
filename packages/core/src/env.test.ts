import assert from "node:assert/strict";
import { test } from "node:test";
import { defineEnv, EnvError, type StandardResult, type StandardSchema } from "./env.ts";

function schema<Output>(
  validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>,
): StandardSchema<unknown, Output> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}
const text = schema<string>((value) =>
  typeof value === "string" ? { value } : { issues: [{ message: `expected a string, not ${value}` }] },
);
const port = schema<number>((value) =>
  /^\d+$/.test(String(value ?? "3000"))
    ? { value: Number(value ?? 3000) }
    : { issues: [{ message: `${value} is no port` }] },
);

function failure(work: () => unknown): EnvError {
  try {
    work();
  } catch (error) {
    if (error instanceof EnvError) return error;
    throw error;
  }
  return assert.fail("nothing was thrown");
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(holds: Same<A, B>): boolean => holds;

test("the env is what the schemas give, typed by them, and nothing else", () => {
  const env = defineEnv({ vars: { URL: text, PORT: port }, secrets: ["URL", "KEY"] });
  const parsed = env.parse({ URL: "u", KEY: "k", OTHER: "o" });
  assert.deepEqual(parsed, { URL: "u", KEY: "k", PORT: 3000 });
  assert.ok(same<typeof parsed, { URL: string; PORT: number; KEY: string }>(true));
});

test("names and secrets are known without a value, sorted", () => {
  const env = defineEnv({ vars: { Z: text, A: port }, secrets: ["M", "Z", "M"] });
  assert.deepEqual(
    [env.names, env.secrets],
    [
      ["A", "M", "Z"],
      ["M", "Z"],
    ],
  );
  assert.deepEqual(defineEnv({}).parse({ A: "1" }), {});
});

test("one error lists every variable that is missing or wrong", () => {
  const env = defineEnv({ vars: { URL: text, PORT: port }, secrets: ["KEY"] });
  const error = failure(() => env.parse({ PORT: "x" }));
  assert.equal(error.code, "ENV_INVALID");
  assert.deepEqual(error.issues, [
    { name: "KEY", message: "is missing" },
    { name: "PORT", message: "is wrong: x is no port" },
    { name: "URL", message: "is missing" },
  ]);
  for (const { name, message } of error.issues) assert.ok(error.message.includes(`${name} ${message}`));
});

test("a secret's value is told nowhere, even where its schema's message quotes it", () => {
  const env = defineEnv({ vars: { KEY: port }, secrets: ["KEY", "EMPTY"] });
  const error = failure(() => env.parse({ KEY: "hunter2", EMPTY: "" }));
  assert.deepEqual(
    error.issues.map((issue) => issue.message),
    ["is wrong", "is wrong"],
  );
  assert.doesNotMatch(`${error.message}${error.stack}${JSON.stringify(error)}`, /hunter2/);
});

test("a schema that throws makes its variable wrong, and tells nothing of a secret", () => {
  const broken = schema<string>((value) => {
    throw new Error(`cannot read ${value}`);
  });
  const error = failure(() => defineEnv({ vars: { A: broken, B: broken }, secrets: ["B"] }).parse({ A: "1", B: "2" }));
  assert.deepEqual(
    error.issues.map((issue) => issue.message),
    ["is wrong: cannot read 1", "is wrong"],
  );
});

test("an asynchronous schema is a coded error that names the variable", () => {
  for (const answer of [Promise.resolve({ value: "" }), Promise.reject(new Error("late"))]) {
    const env = defineEnv({ vars: { LATE: schema<string>(() => answer) } });
    assert.throws(
      () => env.parse({ LATE: "x" }),
      (error) =>
        error instanceof Error && "code" in error && error.code === "ENV_SCHEMA_ASYNC" && /LATE/.test(error.message),
    );
  }
});

test("a binding that is no string reaches its schema as it is", () => {
  const kv = { get() {} };
  const env = defineEnv({ vars: { KV: schema<object>((value) => ({ value: value as object })) } });
  assert.equal(env.parse({ KV: kv }).KV, kv);
});

test("a variable named like a member of every object is missing where it is not set", () => {
  assert.equal(failure(() => defineEnv({ secrets: ["toString"] }).parse({})).issues.length, 1);
});
