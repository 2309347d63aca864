/**
 * The policy of `infra/aws` is the least that works: each line of it is needed, and its lack is named.
 */
import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type BuiltArtefact, CANARY_LIMITS, deploy, destroy } from "@godwit/deploy";
import { dynamodb } from "godwit";
import { deployPolicy, type PolicyScope } from "../../packages/deploy/src/deployers/aws/policy.ts";
import type { Need } from "../../packages/deploy/src/deployers/aws/rehearsal/cloud.ts";
import { authorize } from "../../packages/deploy/src/deployers/aws/rehearsal/policy.ts";
import type { PolicyDocument } from "../../packages/deploy/src/deployers/aws/role.ts";
import { buildApp, createClock, temporary } from "./apps.fixture.ts";
import { openStage, type StageOptions, sayWord, startPlane, text } from "./aws.fixture.ts";

const folder = join(import.meta.dirname, "../../infra/aws");
const scope = { partition: "aws", account: "$ACCOUNT", region: "$REGION", app: "$APP", stage: "$STAGE" };

for (const [name, more] of [
  ["policy.json", {}],
  ["policy-bounded.json", { boundary: "$BOUNDARY" }],
] as const) {
  test(`infra/aws/${name} is printed from the code`, () => isPrinted(join(folder, name), { ...scope, ...more }));
}

async function isPrinted(file: string, scope: PolicyScope): Promise<void> {
  const printed = JSON.stringify(deployPolicy(scope)).replace(/\$([A-Z]+)/g, (_, name) => `\${${name.toLowerCase()}}`);
  if (process.env.UPDATE) await writeFile(file, `${JSON.stringify(JSON.parse(printed), null, 2)}\n`);
  const now = JSON.parse(await readFile(file, "utf8"));
  assert.deepEqual(now, JSON.parse(printed), "UPDATE=1 prints it anew, and biome formats it");
}

const routes = (word: string) => ({
  "env.ts": `import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });`,
  "routes/index.ts": `export const GET = () => new Response("release-${word}");`,
});
/** With a table of its own. */
const kept = {
  "routes/kept.ts": `import type { Context } from "@godwit/core";
export const GET = async (_: Request, context: Context<"/kept">) => Response.json(await context.store("main").list());`,
};
const stores = { stores: { main: { lambda: dynamodb("notes") } } };
const tidy = {
  "routes/tidy.ts": `export const config = { schedule: "0 3 * * *" };\nexport const GET = () => new Response("tidied");`,
};
const domain = { name: "links.example.com", certificate: "arn:aws:acm:us-east-1:123456789012:certificate/abc" };

/** As if its zips were over 50 MB: they take the way through a bucket. */
function large({ root, manifest }: BuiltArtefact): BuiltArtefact {
  const functions = manifest.functions.map((fn) => ({
    ...fn,
    ...(fn.zip && { zip: { ...fn.zip, bytes: 60 * 1_048_576 } }),
  }));
  return { root, manifest: { ...manifest, functions } };
}

test("every line of the policy is needed by a deploy, and a deploy without it names what is missing", async (t) => {
  const policy = deployPolicy({
    partition: "aws",
    account: "123456789012",
    region: "us-east-1",
    app: "links",
    stage: "*",
  });
  const secrets = { KEY: "a-secret-of-nobody" };
  const one = large(await buildApp(t, "lambda", { ...routes("one"), ...tidy, ...kept }, {}, stores));
  const two = await buildApp(t, "lambda", { ...routes("two"), ...tidy, ...kept }, {}, stores);
  const three = await buildApp(t, "lambda", routes("three"));
  const url = await buildApp(t, "lambda", routes("url"), { front: "function-url" });
  const streamed = await buildApp(t, "lambda", routes("url"), { front: "function-url-stream" });

  type Given = Pick<StageOptions, "plane" | "clock">;
  const ship = async (given: Given, more: Omit<StageOptions, "plane" | "clock">, canary = false) => {
    const { deployer, input } = await openStage({ ...given, secrets, warn: () => {}, ...more });
    const [live] = canary ? await deployer.urls() : [];
    await deploy({
      deployer,
      input,
      requests: [{ method: "GET", path: "/" }],
      ...(canary && {
        canary: {
          steps: [0.5],
          interval: 1000,
          limits: { ...CANARY_LIMITS, samples: 1, slower: 1000 },
          async metrics(release, since) {
            for (let count = 0; count < 30; count++) await text(live);
            return deployer.metrics?.(release, since);
          },
        },
      }),
      confirm: async () => ({ go: true, remove: true }),
      onEvent: () => {},
    });
  };
  const remove = async (given: Given, stage: string) => {
    const { deployer, input } = await openStage({ ...given, stage });
    await destroy({ deployer, input, confirm: async () => true, onDone: () => {} });
  };
  const steps: ((given: Given) => Promise<void>)[] = [
    (given) => ship(given, { artefact: one, settings: { domain } }),
    async (given) => {
      await ship(given, { artefact: two, settings: { keep: 1 } }, true);
    },
    (given) =>
      ship(given, {
        artefact: three,
        settings: { keep: 1, statements: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }] },
      }),
    async (given) => {
      const { deployer } = await openStage(given);
      for await (const line of deployer.logs?.({ follow: false, since: 0, signal: new AbortController().signal }) ??
        []) {
        assert.fail(line.text);
      }
    },
    (given) => ship(given, { artefact: url, stage: "url" }),
    (given) => ship(given, { artefact: streamed, stage: "url" }),
    (given) => remove(given, "url"),
    (given) => remove(given, "production"),
  ];

  /** What each step needs, and the state that it begins with. */
  const clock = createClock();
  const records: { needs: Need[]; folder: string }[] = [];
  let folder = await temporary(t, "plane-");
  for (const step of steps) {
    const before = folder;
    folder = await temporary(t, "plane-");
    await cp(before, folder, { recursive: true });
    const state = join(folder, "state.json");
    // Somebody let another service take the role: the deploy after it mends that.
    if (step === steps[1])
      await writeFile(state, (await readFile(state, "utf8")).replace("lambda.amazonaws.com", "ec2.amazonaws.com"));
    await cp(folder, before, { recursive: true });
    const needs: Need[] = [];
    const plane = await startPlane(t, { clock, folder, run: sayWord, policy, onNeed: (need) => needs.push(need) });
    await step({ plane, clock });
    await plane.close();
    records.push({ needs, folder: before });
    await clock.sleep(200_000);
  }

  const isAllowed = (document: PolicyDocument, need: Need): boolean => {
    try {
      authorize({ account: "", arn: "", policy: document }, [need], "");
      return true;
    } catch {
      return false;
    }
  };
  let lines = 0;
  const trials = [...linesOf(policy)].map(({ line, rest }) => async () => {
    const index = records.findIndex(({ needs }) => needs.some((need) => !isAllowed(rest, need)));
    assert.ok(index >= 0, `no step needs ${line}`);
    const missing = new Set(records[index]?.needs.filter((need) => !isAllowed(rest, need)).map(({ action }) => action));
    const own = await temporary(t, "plane-");
    await cp(records[index]?.folder ?? "", own, { recursive: true });
    const time = createClock(clock.now());
    const plane = await startPlane(t, { clock: time, folder: own, run: sayWord, policy: rest });
    await assert.rejects(
      steps[index]?.({ plane, clock: time }) ?? Promise.resolve(),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "DEPLOY_ACCESS_DENIED", `${line}: ${error.stack}`);
        const [, named = ""] = /Missing: (\S+) on arn:|Missing: (\S+)/.exec(error.message)?.filter(Boolean) ?? [];
        assert.ok(missing.has(named), `${line}: ${error.message}`);
        return true;
      },
    );
    await plane.close();
    lines++;
  });
  const left = [...trials];
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      try {
        await next();
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  assert.ok(lines > 50, `${lines}`);
});

/** The policy without one action, or one resource, at a time. */
function* linesOf(policy: PolicyDocument): Generator<{ line: string; rest: PolicyDocument }> {
  for (const [at, statement] of policy.Statement.entries()) {
    const replace = (change: Partial<typeof statement>): PolicyDocument => ({
      ...policy,
      Statement: policy.Statement.map((one, index) => (index === at ? { ...one, ...change } : one)),
    });
    for (const action of [statement.Action].flat()) {
      const Action = [statement.Action].flat().filter((one) => one !== action);
      yield { line: `${statement.Sid} ${action}`, rest: replace({ Action }) };
    }
    for (const resource of [statement.Resource].flat()) {
      const Resource = [statement.Resource].flat().filter((one) => one !== resource);
      yield { line: `${statement.Sid} ${resource}`, rest: replace({ Resource }) };
    }
  }
}
