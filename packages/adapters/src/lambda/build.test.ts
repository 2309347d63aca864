import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "@godwit/bundler";
import { lambdaConfig } from "./config.ts";
import { emulate } from "./emulate.ts";
import { target } from "./target.ts";

const CLI = new URL("../../../cli/package.json", import.meta.url).href;
const CORE = fileURLToPath(new URL("../../../core", import.meta.url));

/** An app of many routes below `/r`, a parameter beside them, and a file. */
async function writeApp(root: string, count: number): Promise<void> {
  await mkdir(join(root, "routes/r"), { recursive: true });
  await mkdir(join(root, "public/p"), { recursive: true });
  await mkdir(join(root, "node_modules/@godwit"), { recursive: true });
  await symlink(CORE, join(root, "node_modules/@godwit/core"));
  await writeFile(join(root, "public/p/file.txt"), "file");
  for (let at = 0; at < count; at++) {
    await writeFile(join(root, `routes/r/${at}.ts`), `export const GET = () => new Response("r${at}");\n`);
  }
  await mkdir(join(root, "routes/p"));
  await writeFile(
    join(root, "routes/p/[id].ts"),
    "export const GET = (_: Request, { params }: { params: { id: string } }) => new Response(params.id);\n",
  );
}

for (const front of ["http-api", "rest"]) {
  test(`more routes than ${front} takes: what has no route in the front goes to the fallback`, async (t) => {
    const root = await realpath(await mkdtemp(join(tmpdir(), "godwit-many-")));
    t.after(() => rm(root, { recursive: true, force: true }));
    await writeApp(root, 320);
    const config = await lambdaConfig["~standard"].validate({ front });
    assert.ok(!config.issues);
    const { artefact } = await build({
      root,
      app: "many",
      target,
      targetConfig: config.value,
      adaptersFrom: CLI,
    });
    const { front: built, functions } = artefact.manifest;
    assert.ok(built.routes.length <= 300, `${built.routes.length} routes`);
    const fallback = functions.find(({ role }) => role === "fallback");
    assert.ok(fallback && fallback.routes.length >= 21, "it serves some");

    const emulator = await emulate(artefact, {});
    t.after(() => emulator.close());
    const ask = async (path: string) => {
      const response = await emulator.fetch(new Request(new URL(path, emulator.url)));
      return [response.status, response.status === 200 ? await response.text() : ""];
    };
    const [left] = fallback.routes;
    const kept = functions.find(({ role }) => role === "handler")?.routes[0];
    for (const pattern of [left?.pattern, kept?.pattern]) {
      if (pattern?.startsWith("/r/")) assert.deepEqual(await ask(pattern), [200, `r${pattern.slice(3)}`]);
    }
    assert.deepEqual(await ask("/r/7"), [200, "r7"]);
    assert.deepEqual(await ask("/r/319"), [200, "r319"]);
    assert.deepEqual(await ask("/p/x"), [200, "x"]);
    assert.deepEqual(await ask("/p/file.txt"), [200, "file"]);
    assert.deepEqual(await ask("/r/nowhere"), [404, ""]);
  });
}
