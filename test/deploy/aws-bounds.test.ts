/**
 * What a deploy on AWS may not do: more than its policy, more than its share, more than was proven.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CANARY_LIMITS, type ControlPlane, deploy, deployers } from "@godwit/deploy";
import { createNames } from "../../packages/deploy/src/deployers/aws/names.ts";
import { deployPolicy } from "../../packages/deploy/src/deployers/aws/policy.ts";
import { authorize } from "../../packages/deploy/src/deployers/aws/rehearsal/policy.ts";
import { buildApp, createClock, temporary } from "./apps.fixture.ts";
import { openStage, sayWord, ship, startPlane, text } from "./aws.fixture.ts";

const place = { partition: "aws", account: "123456789012", region: "us-east-1" };
const boundary = "arn:aws:iam::123456789012:policy/app-limits";
const appOf = (word: string) => ({ "routes/index.ts": `export const GET = () => new Response("release-${word}");` });

test("with a boundary in the policy, a deploy makes and changes no role that it does not bound", async (t) => {
  const artefact = await buildApp(t, "lambda", appOf("one"));
  const clock = createClock();
  const folder = await temporary(t, "plane-");
  const without = await startPlane(t, { clock, folder, run: sayWord });
  await ship({ plane: without, clock, artefact, stage: "old" });
  await without.close();
  const policy = deployPolicy({ ...place, app: "links", stage: "*", boundary });
  const plane = await startPlane(t, { clock, folder, run: sayWord, policy });
  await assert.rejects(ship({ plane, clock, artefact }), {
    code: "DEPLOY_ACCESS_DENIED",
    message: /iam:CreateRole/,
  });
  const other = { permissionsBoundary: "arn:aws:iam::aws:policy/AdministratorAccess" };
  await assert.rejects(ship({ plane, clock, artefact, settings: other }), { message: /iam:CreateRole/ });
  const settings = { permissionsBoundary: boundary };
  await ship({ plane, clock, artefact, settings });
  const rights = [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }];
  await ship({ plane, clock, artefact, settings: { ...settings, statements: rights } });

  // A role of before gets no right until it is bound.
  const old = { plane, clock, artefact, stage: "old" };
  await assert.rejects(ship({ ...old, settings: { statements: rights } }), { message: /iam:PutRolePolicy/ });
  const { plan } = await ship({ ...old, settings: { ...settings, statements: rights } });
  const role = plan.items.find(({ kind }) => kind === "role");
  assert.deepEqual(role?.changes, [{ path: "permissionsBoundary", to: boundary }]);
  assert.equal((await ship({ ...old, settings: { ...settings, statements: rights } })).outcome, "unchanged");
  const vendor = await deployers.aws?.();
  assert.throws(() => vendor?.parseSettings({ ...settings, role: "arn:aws:iam::123456789012:role/mine" }), {
    message: /deploy\.aws\.permissionsBoundary/,
  });
});

/** Whether a policy for `app` and `stage` reaches the resources of another app's stage: by name, and below a path. */
function reach([app, stage]: readonly [string, string], [other, its]: readonly [string, string]) {
  const policy = deployPolicy({ ...place, app, stage });
  const names = createNames(other, its);
  const on = (service: string, rest: string, region = place.region) =>
    `arn:aws:${service}:${region}:${place.account}:${rest}`;
  const is = (action: string, resource: string): boolean => {
    try {
      const context = { "iam:PassedToService": "lambda.amazonaws.com" };
      authorize({ account: place.account, arn: "", policy }, [{ action, resource, context }], "");
      return true;
    } catch {
      return false;
    }
  };
  const named = [
    is("lambda:UpdateFunctionCode", on("lambda", `function:${names.function("a-function-of-a-long-name")}`)),
    is("iam:PutRolePolicy", on("iam", `role/${names.role}`, "")),
    is("iam:PassRole", on("iam", `role/${names.role}`, "")),
    is("events:PutRule", on("events", `rule/${names.rule("server", "/", "0 3 * * *")}`)),
    is("s3:PutObject", `arn:aws:s3:::${names.bucket(place.account, place.region)}/a.zip`),
  ];
  const below = [
    is("ssm:PutParameter", on("ssm", `parameter${names.parameters}/secrets/KEY`)),
    is("logs:DeleteLogGroup", on("logs", `log-group:${names.logGroup}:log-stream:`)),
    is("logs:TagResource", on("logs", `log-group:${names.logGroup}`)),
  ];
  for (const some of [named, below]) assert.equal(new Set(some).size, 1, `${app} ${stage} ${other} ${its}: ${some}`);
  return { named: named[0], below: below[0] };
}

test("a policy reaches its own stages, and others where the words run together as infra/aws says", () => {
  const [yes, no, mixed] = [
    { named: true, below: true },
    { named: false, below: false },
    { named: true, below: false },
  ];
  assert.deepEqual(reach(["links", "production"], ["links", "production"]), yes);
  assert.deepEqual(reach(["links", "pr-*"], ["links", "pr-12"]), yes);
  // names that are cut off
  const long = ["a".repeat(30), "b".repeat(20)] as const;
  assert.deepEqual(reach(long, long), yes);
  // no other stage, and no other app, for how it begins
  assert.deepEqual(reach(["links", "pr-1"], ["links", "pr-12"]), no);
  assert.deepEqual(reach(["links", "production"], ["links", "production2"]), no);
  assert.deepEqual(reach(["links", "pr-*"], ["links", "production"]), no);
  assert.deepEqual(reach(["links", "production"], ["links-eu", "production"]), no);
  // but where a name goes on with a hyphen, names run together; what lies below a path does not
  assert.deepEqual(reach(["links", "pr"], ["links", "pr-1"]), mixed);
  assert.deepEqual(reach(["links", "pr-*"], ["links-pr-1", "production"]), mixed);
  assert.deepEqual(reach(["links", "eu-pr"], ["links-eu", "pr"]), mixed);
});

test("a release that was not proven, or was gone back from, has no open URL", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const build = (word: string) => buildApp(t, "lambda", appOf(word), { front: "function-url" });
  await ship({ plane, clock, artefact: await build("one") });
  const artefact = await build("two");
  const { deployer } = await openStage({ plane, clock, artefact });
  const candidate = await candidateOf(plane, clock, artefact);
  assert.equal(await text(candidate), "release-two");
  await deployer.reset();
  assert.equal((await fetch(candidate)).status, 403);
  const { urls } = await ship({ plane, clock, artefact });
  assert.equal(await text(urls[0]), "release-two");
  assert.equal((await fetch(candidate)).status, 403);
});

/** As far as a deploy comes whose proof fails. */
async function candidateOf(
  plane: ControlPlane,
  clock: ReturnType<typeof createClock>,
  artefact: Awaited<ReturnType<typeof buildApp>>,
): Promise<URL> {
  const stage = await openStage({ plane, clock, artefact });
  let url: URL | undefined;
  const { candidate } = stage.deployer;
  stage.deployer.candidate = async (release) => {
    const found = await candidate(release);
    url = found.url;
    throw new Error("not proven");
  };
  stage.deployer.reset = async () => {}; // as if it was killed
  const run = deploy({
    ...stage,
    requests: [{ method: "GET", path: "/" }],
    confirm: async () => ({ go: true, remove: false }),
    onEvent: () => {},
  });
  await assert.rejects(run, { message: "not proven" });
  assert.ok(url);
  return url;
}

test("a canary that AWS cannot share out is refused, and nothing is switched", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const routes = { ...appOf("one"), "routes/other.ts": `export const GET = () => new Response("release-other");` };
  const first = await ship({ plane, clock, artefact: await buildApp(t, "lambda", routes), verify: false });
  const built = await buildApp(t, "lambda", routes);
  // the same functions behind another set of routes
  const { front } = built.manifest;
  const artefact = {
    ...built,
    manifest: { ...built.manifest, hash: "another", front: { ...front, routes: front.routes.slice(1) } },
  };
  const canary = { steps: [0.5], interval: 1000, limits: CANARY_LIMITS, metrics: async () => undefined };
  await assert.rejects(ship({ plane, clock, artefact, canary, verify: false }), {
    code: "AWS_CANARY_NOTHING_SHARED",
    message: /Nothing was switched.*without --canary/s,
  });
  const { deployer } = await openStage({ plane, clock });
  const live = (await deployer.releases()).find(({ share }) => share === 1);
  assert.equal(live?.id, first.release?.id);
  assert.equal((await ship({ plane, clock, artefact, verify: false })).outcome, "deployed");
});
