/**
 * The rehearsal's answers against Vercel's own models: its SDK makes each call, and says of an answer what is not of the
 * shape in Vercel's specification of the API. It is lenient: what is missing it takes for zero. So what it read must be
 * what was answered, too.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { ControlPlane } from "@godwit/deploy";
import { HTTPClient } from "@vercel/sdk/lib/http.js";
import { getRuntimeLogsResponseBodyFromJSON } from "@vercel/sdk/models/getruntimelogsop.js";
import { updateRollingReleaseConfigResponseBodyFromJSON } from "@vercel/sdk/models/updaterollingreleaseconfigop.js";
import { Deployments } from "@vercel/sdk/sdk/deployments.js";
import { Projects } from "@vercel/sdk/sdk/projects.js";
import { RollingRelease } from "@vercel/sdk/sdk/rollingrelease.js";
import { Teams } from "@vercel/sdk/sdk/teams.js";
import { User } from "@vercel/sdk/sdk/user.js";
import { answerWith, temporary } from "./apps.fixture.ts";
import { vendor } from "./vercel.fixture.ts";

/** Where what the SDK read is not what was answered. */
function differences(read: unknown, answered: unknown, at = ""): string[] {
  if (read === undefined) return [];
  if (!read || typeof read !== "object") {
    return Object.is(read, answered) ? [] : [`${at}: ${JSON.stringify(answered)} was read as ${JSON.stringify(read)}`];
  }
  return Object.entries(read).flatMap(([key, value]) => differences(value, Object(answered)[key], `${at}.${key}`));
}

interface Refused {
  /** What is wrong, in words. */
  pretty?(): string;
  rawValue?: unknown;
}

interface Driven {
  client<T>(Kind: new (options: object) => T): T;
  /** What a call gives, where the rehearsal's answer has the shape that it must have. */
  shaped<T>(call: Promise<T>): Promise<T>;
  /** As the SDK's own calls, for those that it makes without what they need. */
  send(method: string, path: string, body?: object): Promise<string>;
}

function drive(plane: ControlPlane): Driven {
  let answered: unknown;
  const httpClient = new HTTPClient();
  httpClient.addHook("response", async (response) => {
    const text = await response.clone().text();
    answered = text.startsWith("{") ? JSON.parse(text) : undefined;
  });
  const options = { bearerToken: "rehearsal", serverURL: plane.env.VERCEL_API_URL, httpClient };
  return {
    client: (Kind) => new Kind(options),
    async shaped(call) {
      const read = await call.catch((error: Refused) => {
        const said = error.pretty?.();
        throw said === undefined ? error : new Error(`${said}\n${JSON.stringify(error.rawValue)}`);
      });
      assert.deepEqual(differences(read, answered), []);
      return read;
    },
    async send(method, path, body) {
      const headers = { authorization: "Bearer rehearsal" };
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      const response = await fetch(new URL(path, plane.url), init);
      assert.equal(response.status, 200);
      return response.text();
    },
  };
}

const idOrName = "links";
const config = new TextEncoder().encode("{}");
const sha = createHash("sha1").update(config).digest("hex");
const requestBody = {
  name: "links",
  project: "links",
  target: "production",
  files: [{ file: ".vercel/output/config.json", sha, size: config.length }],
};

async function start(t: Parameters<typeof temporary>[0]): Promise<Driven> {
  const { rehearse } = await vendor();
  const plane = await rehearse?.({
    folder: await temporary(t, "plane-"),
    run: async () => {
      const running = await answerWith((_req, res) => res.end("here"));
      const logs = (async function* () {
        yield { function: "_godwit/_index", level: "info" as const, text: "a line" };
      })();
      return { ...running, logs };
    },
  });
  assert.ok(plane);
  t.after(() => plane.close());
  return drive(plane);
}

test("accounts and projects, their variables and domains have the shapes of Vercel's SDK", async (t) => {
  const { client, shaped } = await start(t);
  const projects = client(Projects);
  assert.equal((await shaped(client(User).getAuthUser()))?.user.id, "user_rehearsal");
  await shaped(client(Teams).getTeams({}));
  await shaped(client(Teams).getTeam({ teamId: "team_rehearsal" }));

  const { id } = await shaped(projects.createProject({ requestBody: { name: idOrName } }));
  assert.equal((await shaped(projects.getProject({ idOrName }))).id, id);
  const changed = { framework: "hono", nodeVersion: "22.x", rootDirectory: "apps" } as const;
  await shaped(projects.updateProject({ idOrName, requestBody: changed }));
  const { framework, nodeVersion, rootDirectory } = await shaped(projects.getProject({ idOrName }));
  assert.deepEqual({ framework, nodeVersion, rootDirectory }, changed);
  await shaped(projects.updateProjectProtectionBypass({ idOrName, requestBody: {} }));

  const variable = { key: "WORD", value: "a", type: "plain", target: ["development"] } as const;
  await shaped(projects.createProjectEnv({ idOrName, requestBody: { ...variable, target: ["development"] } }));
  const secret = { key: "KEY", value: "b", type: "encrypted" } as const;
  const upsert = { idOrName, upsert: "true" };
  await shaped(projects.createProjectEnv({ ...upsert, requestBody: { ...secret, target: ["production", "preview"] } }));
  const listed = await shaped(projects.filterProjectEnvs({ idOrName }));
  const [first] = "envs" in listed ? listed.envs : [];
  assert.ok(first?.id);
  await shaped(projects.editProjectEnv({ idOrName, id: first.id, requestBody: { value: "c" } }));
  await shaped(projects.removeProjectEnv({ idOrName, id: first.id }));

  await shaped(projects.addProjectDomain({ idOrName, requestBody: { name: "links.example.com" } }));
  assert.equal((await shaped(projects.getProjectDomains({ idOrName }))).domains.length, 1);
  await shaped(projects.removeProjectDomain({ idOrName, domain: "links.example.com" }));
  await shaped(projects.deleteProject({ idOrName }));
  await assert.rejects(projects.getProject({ idOrName }), { statusCode: 404 });
});

test("deployments, promotions, rolling releases and logs have the shapes of Vercel's SDK", async (t) => {
  const { client, shaped, send } = await start(t);
  const [projects, deployments, rolling] = [client(Projects), client(Deployments), client(RollingRelease)];
  const { id: projectId } = await shaped(projects.createProject({ requestBody: { name: idOrName } }));
  await assert.rejects(deployments.createDeployment({ requestBody }), { statusCode: 400, body: /missing_files/ });
  await shaped(deployments.uploadFile({ xNowDigest: sha, xNowSize: config.length, requestBody: config }));
  const { id: one } = await shaped(deployments.createDeployment({ requestBody }));
  const { id: two } = JSON.parse(
    await send("POST", "/v13/deployments", { ...requestBody, autoAssignCustomDomains: false }),
  );
  await shaped(deployments.getDeployment({ idOrUrl: one }));
  assert.equal((await shaped(deployments.getDeployments({ projectId }))).deployments.length, 2);

  await shaped(projects.requestPromote({ projectId, deploymentId: two }));
  await shaped(projects.listPromoteAliases({ projectId }));
  await shaped(projects.requestRollback({ projectId, deploymentId: one }));
  assert.equal((await shaped(projects.getProject({ idOrName }))).targets?.production?.id, one);

  await shaped(rolling.getRollingRelease({ idOrName }));
  await shaped(rolling.getRollingReleaseConfig({ idOrName }));
  const stages = [5, 50, 100].map((targetPercentage) => ({ targetPercentage, requireApproval: true }));
  const asked = { enabled: true, advancementType: "manual-approval", stages };
  const configured = await send("PATCH", `/v1/projects/${projectId}/rolling-release/config`, asked);
  const read = updateRollingReleaseConfigResponseBodyFromJSON(configured);
  assert.ok(read.ok);
  assert.deepEqual(differences(read.value, JSON.parse(configured)), []);
  await shaped(rolling.getRollingReleaseConfig({ idOrName }));
  const canary = { canaryDeploymentId: two };
  await shaped(rolling.startRollingRelease({ idOrName, requestBody: canary }));
  const begun = await shaped(rolling.getRollingRelease({ idOrName }));
  assert.equal(begun.rollingRelease?.activeStage?.targetPercentage, 5);
  await shaped(rolling.approveRollingReleaseStage({ idOrName, requestBody: { ...canary, nextStageIndex: 1 } }));
  await shaped(rolling.completeRollingRelease({ idOrName, requestBody: canary }));
  assert.equal((await shaped(rolling.getRollingRelease({ idOrName }))).rollingRelease?.state, "COMPLETE");

  const [line = ""] = (await send("GET", `/v1/projects/${projectId}/deployments/${one}/runtime-logs`)).split("\n");
  const row = getRuntimeLogsResponseBodyFromJSON(line);
  assert.ok(row.ok);
  assert.deepEqual(differences(row.value, JSON.parse(line)), []);
});
