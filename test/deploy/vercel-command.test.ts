import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { buildApp, temporary } from "./apps.fixture.ts";
import { appOf, nothing, open, prepare, rehearse, textOf } from "./vercel.fixture.ts";

const run = promisify(execFile);
const command = join(dirname(createRequire(import.meta.url).resolve("vercel/package.json")), "dist/vc.js");

test("the vercel command ships an artefact to the rehearsal, promotes and rolls back what Godwit deployed", async (t) => {
  const plane = await rehearse(t);
  const deployer = await open(plane, await buildApp(t, "vercel", appOf("one")));
  await prepare(deployer);
  const one = await deployer.release(nothing);
  await deployer.switch(one);
  const [live] = await deployer.urls();
  assert.ok(live);

  const folder = await temporary(t, "vercel-");
  const { root } = await buildApp(t, "vercel", appOf("two"));
  await cp(join(root, ".vercel"), join(folder, ".vercel"), { recursive: true });
  const project = await fetch(new URL("/v9/projects/links", plane.url), { headers: { authorization: "Bearer x" } });
  const { id } = (await project.json()) as { id: string };
  await mkdir(join(folder, ".vercel"), { recursive: true });
  await writeFile(join(folder, ".vercel/project.json"), JSON.stringify({ orgId: "team_rehearsal", projectId: id }));
  const home = await temporary(t, "home-");
  const vercel = async (...args: string[]) => {
    const all = ["--api", plane.env.VERCEL_API_URL ?? "", "--token", "rehearsal", "--cwd", folder, ...args];
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      CI: "1",
      VERCEL_TELEMETRY_DISABLED: "1",
      NO_UPDATE_NOTIFIER: "1",
    };
    return run(process.execPath, [command, ...all], { env, timeout: 60_000 });
  };

  await vercel("deploy", "--prebuilt", "--prod", "--skip-domain", "--yes");
  assert.equal(await textOf(live), "one");
  const listed = await fetch(new URL(`/v6/deployments?projectId=${id}`, plane.url), {
    headers: { authorization: "Bearer x" },
  });
  const { deployments } = (await listed.json()) as { deployments: { uid: string }[] };
  const two = deployments.find(({ uid }) => uid !== one.id)?.uid ?? "";
  await vercel("promote", two, "--yes");
  assert.equal(await textOf(live), "two");
  await vercel("rollback", one.id, "--yes");
  assert.equal(await textOf(live), "one");
  const { stderr, stdout } = await vercel("env", "ls");
  assert.match(stderr + stdout, /GODWIT_STAGE/);
});
