/**
 * AWS's own command judges the rehearsal, and AWS's own models judge the shape of its answers.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { type ControlPlane, systemClock } from "@godwit/deploy";
import { dynamodb } from "godwit";
import { readCall } from "../../packages/deploy/src/deployers/aws/rehearsal/wire.ts";
import { findProgram } from "../programs.ts";
import { buildApp, createClock, temporary } from "./apps.fixture.ts";
import { sayWord, ship, startPlane, text } from "./aws.fixture.ts";
import { faultsOf, findModels, readModel } from "./aws-models.fixture.ts";

const aws = findProgram("aws", "awscli");

/** Whoever looks around by hand may do all. */
const policy = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow" as const, Action: ["*"], Resource: ["*"] }],
};

/** What the command prints, as a value. */
async function run(plane: ControlPlane, line: string, more: string[] = []): Promise<Record<string, unknown>> {
  const { AWS_ENDPOINT_URL = "", ...env } = plane.env;
  const flags = ["--endpoint-url", AWS_ENDPOINT_URL, "--output", "json"];
  const child = spawn(aws, [...line.split(" "), ...more, ...flags], {
    env: {
      ...process.env,
      ...env,
      AWS_PAGER: "",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      output[name] += chunk.toString();
    });
  }
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 0, `${line}: ${output.stderr}`);
  return output.stdout.trim() === "" ? {} : JSON.parse(output.stdout);
}

test("AWS's command reads what a deploy made", async (t) => {
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord, policy });
  const artefact = await buildApp(t, "lambda", {
    "routes/index.ts": `export const GET = () => new Response("release-one");`,
    "routes/tidy.ts": `export const config = { schedule: "0 3 * * *" };\nexport const GET = () => new Response("tidied");`,
  });
  await ship({ plane, clock, artefact });
  const look = (line: string, path: (string | number)[], wanted: unknown) =>
    run(plane, line).then((found) => {
      const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], found); // looked into, step by step
      if (wanted instanceof RegExp) assert.match(String(value), wanted, `${line}: ${JSON.stringify(found)}`);
      else assert.equal(value, wanted, `${line}: ${JSON.stringify(found)}`);
      return found;
    });
  const apis = await look("apigatewayv2 get-apis", ["Items", 0, "Name"], "links-production");
  const id = (apis.Items as { ApiId: string }[])[0]?.ApiId ?? ""; // as the line above has seen
  const [fn] = artefact.manifest.functions;
  const name = `links-production-${fn?.id}`;
  const role = "links-production-role";
  await Promise.all([
    look("sts get-caller-identity", ["Account"], "123456789012"),
    look("lambda list-functions", ["Functions", 0, "Tags"], undefined),
    look(`lambda get-function --function-name ${name}`, ["Tags", "godwit:app"], "links"),
    look(`lambda list-versions-by-function --function-name ${name}`, ["Versions", 1, "Version"], "1"),
    look(`lambda get-policy --function-name ${name} --qualifier 1`, ["Policy"], /apigateway/),
    look(`apigatewayv2 get-routes --api-id ${id}`, ["Items", 0, "Target"], /^integrations\//),
    look(`apigatewayv2 get-integrations --api-id ${id}`, ["Items", 0, "IntegrationUri"], /:1$/),
    look(`apigatewayv2 get-stages --api-id ${id}`, ["Items", 0, "AutoDeploy"], false),
    look(`apigatewayv2 get-deployments --api-id ${id}`, ["Items", 0, "DeploymentStatus"], "DEPLOYED"),
    look(`iam get-role --role-name ${role}`, ["Role", "Tags", 0, "Value"], "links"),
    look(`iam list-role-policies --role-name ${role}`, ["PolicyNames", 0], /^godwit-/),
    look("ssm get-parameters-by-path --recursive --path /godwit/links/production", ["Parameters", 0, "Type"], "String"),
    look("logs describe-log-groups", ["logGroups", 0, "retentionInDays"], 30),
    look("events list-rules", ["Rules", 0, "ScheduleExpression"], "cron(0 3 * * ? *)"),
  ]);
});

test("AWS's command makes a function behind an HTTP API, shared between two versions", async (t) => {
  const plane = await startPlane(t, { clock: systemClock, policy });
  const folder = await temporary(t, "cli-");
  const zipOf = async (word: string) => {
    const artefact = await buildApp(t, "lambda", {
      "routes/index.ts": `export const GET = () => new Response("${word}");`,
    });
    const [fn] = artefact.manifest.functions;
    return `fileb://${join(artefact.root, fn?.zip?.path ?? "")}`;
  };
  const trust = join(folder, "trust.json");
  await writeFile(trust, JSON.stringify({ Version: "2012-10-17", Statement: [] }));
  const made = await run(
    plane,
    `iam create-role --role-name hand-made-role --assume-role-policy-document file://${trust}`,
  );
  const { Arn } = made.Role as { Arn: string }; // as IAM answers
  const create = `lambda create-function --function-name hand-made --runtime nodejs22.x --handler index.handler --role ${Arn}`;
  // A role that was made a moment ago cannot be assumed yet: the command does not wait for that.
  await systemClock.sleep(1000);
  const fn = await run(plane, `${create} --zip-file ${await zipOf("one")}`);
  assert.equal(fn.State, "Pending");
  await run(plane, "lambda wait function-active-v2 --function-name hand-made");
  const publish = () => run(plane, "lambda publish-version --function-name hand-made");
  assert.equal((await publish()).Version, "1");
  await run(plane, `lambda update-function-code --function-name hand-made --zip-file ${await zipOf("two")}`);
  await run(plane, "lambda wait function-updated-v2 --function-name hand-made");
  assert.equal((await publish()).Version, "2");
  const weights = JSON.stringify({ AdditionalVersionWeights: { 2: 0.5 } });
  await run(plane, "lambda create-alias --function-name hand-made --name live --function-version 1 --routing-config", [
    weights,
  ]);

  const api = await run(plane, "apigatewayv2 create-api --name hand-made --protocol-type HTTP");
  const id = String(api.ApiId);
  const integration = await run(
    plane,
    `apigatewayv2 create-integration --api-id ${id} --integration-type AWS_PROXY --payload-format-version 2.0 --integration-uri ${fn.FunctionArn}:live`,
  );
  await run(
    plane,
    `apigatewayv2 create-route --api-id ${id} --route-key $default --target integrations/${integration.IntegrationId}`,
  );
  const deployment = await run(plane, `apigatewayv2 create-deployment --api-id ${id}`);
  await run(
    plane,
    `apigatewayv2 create-stage --api-id ${id} --stage-name $default --deployment-id ${deployment.DeploymentId}`,
  );
  const url = new URL(String(api.ApiEndpoint));
  assert.equal(await text(url), '{"message":"Internal Server Error"}'); // nobody gave the API the permission to call it
  await run(
    plane,
    `lambda add-permission --function-name hand-made --qualifier live --statement-id api --action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn arn:aws:execute-api:us-east-1:123456789012:${id}/*`,
  );
  const seen = new Set<string>();
  for (let count = 0; count < 60 && seen.size < 2; count++) seen.add(await text(url));
  assert.deepEqual([...seen].sort(), ["one", "two"]);
});

const MODELS: Record<string, string> = {
  lambda: "lambda",
  apigateway: "apigatewayv2",
  ssm: "ssm",
  logs: "logs",
  events: "events",
  cloudwatch: "cloudwatch",
  dynamodb: "dynamodb",
};

test("every answer has the shape that AWS's models say", async (t) => {
  const models = await findModels(aws);
  const clock = createClock();
  const plane = await startPlane(t, { clock, run: sayWord });
  const faults = new Set<string>();
  const seen = new Set<string>();
  // Between the deploy and the control plane: what passes is compared.
  const between = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { port, hostname } = plane.url;
    const out = send({ hostname, port, method: req.method, path: req.url, headers: req.rawHeaders }, async (answer) => {
      const parts: Buffer[] = [];
      for await (const part of answer) parts.push(part);
      const whole = Buffer.concat(parts);
      const url = new URL(`http://x${req.url}`);
      const call = {
        method: req.method ?? "",
        path: decodeURIComponent(url.pathname),
        query: url.searchParams,
        headers: req.headers,
        body,
      };
      const { service, action } = readCall(call);
      const named = MODELS[service];
      if (named && answer.statusCode && answer.statusCode < 300) {
        seen.add(`${service}:${action}`);
        const model = readModel(models, named);
        const output = model.operations[action]?.output?.shape;
        const value = whole.length ? JSON.parse(whole.toString()) : {};
        for (const fault of faultsOf(model, output ?? "", value, `${service}:${action}`)) faults.add(fault);
      }
      res.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
      res.end(whole);
    });
    out.end(body);
  });
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  t.after(() => between.close());
  const { port } = between.address() as AddressInfo; // it listens on TCP
  const through = { ...plane, env: { ...plane.env, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` } };
  const files = {
    "routes/index.ts": `export const GET = () => new Response("release-one");`,
    "routes/tidy.ts": `export const config = { schedule: "0 3 * * *" };\nexport const GET = () => new Response("tidied");`,
  };
  const domain = { name: "links.example.com", certificate: "arn:aws:acm:us-east-1:123456789012:certificate/abc" };
  const warn = () => {};
  await ship({ plane: through, clock, artefact: await buildApp(t, "lambda", files), settings: { domain }, warn });
  const second = { ...files, "routes/index.ts": `export const GET = () => new Response("release-two");` };
  await ship({ plane: through, clock, artefact: await buildApp(t, "lambda", second), settings: { domain }, warn });
  const noted = {
    "routes/index.ts": `import type { Context } from "@godwit/core";
export const GET = (_: Request, context: Context<"/">) => new Response(context.store("main") && "release-three");`,
  };
  const stores = { stores: { main: { lambda: dynamodb("notes") } } };
  const third = await buildApp(t, "lambda", noted, {}, stores);
  await ship({ plane: through, clock, artefact: third, settings: { domain }, prune: true, warn });
  const alone = { "routes/index.ts": files["routes/index.ts"] };
  const url = await buildApp(t, "lambda", alone, { front: "function-url" });
  await ship({ plane: through, clock, artefact: url, stage: "url", warn });
  assert.deepEqual([...faults], []);
  assert.ok(seen.size > 40, [...seen].join(" "));
});
