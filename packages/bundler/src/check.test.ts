import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlan, createTarget } from "./bundle.fixture.ts";
import { type CheckInput, checkSizes, checkStartup, overLimit } from "./check.ts";

function input(bytes: number, part: Partial<CheckInput> = {}): CheckInput {
  return {
    functions: [
      {
        plan: createPlan("users"),
        files: [{ path: "index.mjs", contents: Buffer.alloc(bytes, "a") }],
        maps: [],
      },
    ],
    weights: {
      users: [
        { name: "zod", bytes: 90_000 },
        { name: "routes/users.ts", bytes: 10 },
      ],
    },
    target: createTarget(),
    targetConfig: {},
    config: {},
    assets: [],
    ...part,
  };
}

test("a function over its budget fails with function, budget, actual size and heaviest imports", () => {
  assert.throws(() => checkSizes(input(2000, { config: { budgets: { function: { bytes: 1500 } } } })), {
    code: "BUDGET_EXCEEDED",
    message:
      "Function users has 2,000 bytes; budgets.function is 1,500. Heaviest: zod 90,000, routes/users.ts 10. Import less of that, or raise the budget in the config.",
  });
});

test("budgets count gzipped bytes and all functions together as well", () => {
  assert.throws(
    () => checkSizes(input(2000, { config: { budgets: { function: { gzipBytes: 10 } } } })),
    /bytes gzipped/,
  );
  assert.throws(
    () => checkSizes(input(2000, { config: { budgets: { total: { bytes: 1999 } } } })),
    /The app has 2,000/,
  );
});

test("the platform's limit is a limit without any budget", () => {
  const over = input(2000, { target: createTarget({ limits: { functionBytes: 1999 } }) });
  assert.deepEqual(
    overLimit(over).map((fn) => fn.plan.id),
    ["users"],
  );
  assert.throws(() => checkSizes(over), { code: "LIMIT_EXCEEDED", message: /fake takes at most 1,999/ });
  assert.deepEqual(overLimit(input(2000)), []);
});

test("a budget of which less than a tenth is left is worth a line", () => {
  const notices = checkSizes(input(2000, { config: { budgets: { function: { bytes: 2100 } } } }));
  assert.deepEqual(
    notices.map((notice) => notice.code),
    ["BUDGET_NEAR"],
  );
  assert.deepEqual(checkSizes(input(2000, { config: { budgets: { function: { bytes: 9000 } } } })), []);
});

test("files that a function cannot serve are an error that names the file", () => {
  const asset = { path: "/film.mp4", source: "/x", bytes: 50, contentType: "video/mp4" };
  const target = createTarget({ capabilities: { assets: "function" }, limits: { assetBytes: 40, assetCount: 5 } });
  assert.throws(() => checkSizes(input(1, { target, assets: [asset] })), {
    code: "ASSETS_EXCEEDED",
    message: /public\/film\.mp4/,
  });
  assert.deepEqual(checkSizes(input(1, { assets: [asset] })), []);
});

test("start-up over its budget names each slow function", () => {
  const startup = { a: { startupCpu: 12.34 }, b: { startupCpu: 3 } };
  assert.throws(() => checkStartup(startup, { budgets: { startup: 10 } }), /a takes 12\.3 ms\. Import less/);
  assert.equal(checkStartup(startup, {}), undefined);
});
