import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { scanApp } from "./scan.ts";
import { TYPES_FILE, writeTypes } from "./types-file.ts";

/** Inside the workspace, so that the app finds core and zod as an installed app would. */
const home = new URL("../../../test/.godwit/", import.meta.url).pathname;
const tsc = new URL("../../../node_modules/typescript/bin/tsc", import.meta.url).pathname;

async function createApp(t: TestContext, files: Record<string, string>): Promise<string> {
  await mkdir(home, { recursive: true });
  const root = await mkdtemp(join(home, "types-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

/** As a user's tsconfig is: no option of ours in it. */
const TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: "es2023",
    lib: ["es2024", "dom", "dom.iterable", "dom.asynciterable"],
    module: "esnext",
    moduleResolution: "bundler",
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true, // the workspace's core is TypeScript
  },
  include: ["routes", "env.ts", TYPES_FILE],
});

function check(root: string, ...args: string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, "-p", root, ...args], { maxBuffer: 1 << 24 }, (error, stdout) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout }),
    );
  });
}

const ENV = `
  import { defineEnv } from "@godwit/core";
  import * as z from "zod";
  export default defineEnv({ vars: { PAGE_SIZE: z.coerce.number(), KEY: z.string() }, secrets: ["KEY", "TOKEN"] });`;

const route = (body: string) => `
  import { type Context, json, type RoutePattern } from "@godwit/core";
  export const link = (to: RoutePattern) => to;
  export const GET = (_: Request, context: Context<"/users/[id]">) => json(${body});`;

async function typed(t: TestContext, body: string): Promise<{ code: number; stdout: string }> {
  const root = await createApp(t, { "tsconfig.json": TSCONFIG, "env.ts": ENV, "routes/users/[id].ts": route(body) });
  writeTypes(await scanApp(root));
  return check(root);
}

test("context.env has the types that env.ts parses to, and routes are a union of patterns", async (t) => {
  const body = `{
    size: context.env.PAGE_SIZE.toFixed(1), key: context.env.KEY.length, token: context.env.TOKEN.trim(),
    id: context.params.id.length, to: link("/users/[id]") }`;
  const { code, stdout } = await typed(t, body);
  assert.equal(stdout, "");
  assert.equal(code, 0);
});

test("a name that env.ts does not declare, and a route that is not there, are errors", async (t) => {
  const { code, stdout } = await typed(t, '[context.env.PAGE_SIZES, link("/userz/[id]")]');
  assert.notEqual(code, 0);
  assert.match(stdout, /Property 'PAGE_SIZES' does not exist/);
  assert.match(stdout, /"\/userz\/\[id\]"' is not assignable/);
});

test("an app without env.ts keeps its raw bindings", async (t) => {
  const root = await createApp(t, {
    "tsconfig.json": TSCONFIG,
    "routes/users/[id].ts": route("{ any: context.env.ANY ?? null }"),
  });
  writeTypes(await scanApp(root));
  assert.deepEqual(await check(root), { code: 0, stdout: "" });
});

test("the file is written when its bytes change, and only then", async (t) => {
  const root = await createApp(t, { "routes/index.ts": "" });
  writeTypes(await scanApp(root));
  const before = await stat(join(root, TYPES_FILE));
  writeTypes(await scanApp(root));
  assert.equal((await stat(join(root, TYPES_FILE))).ino, before.ino);
  await writeFile(join(root, "routes/new.ts"), "");
  writeTypes(await scanApp(root));
  assert.match(await readFile(join(root, TYPES_FILE), "utf8"), /^ +\| "\/new"$/m);
});

test("a folder that cannot be written is no error", async (t) => {
  const root = await createApp(t, { "routes/index.ts": "", ".godwit": "a file where the folder would be" });
  writeTypes(await scanApp(root));
  assert.equal(await readFile(join(root, ".godwit"), "utf8"), "a file where the folder would be");
});

test("the checker's work at 1,000 routes is bounded", async (t) => {
  const files: Record<string, string> = { "tsconfig.json": TSCONFIG, "env.ts": ENV };
  for (let index = 0; index < 1000; index++) {
    const pattern = `/area${index % 50}/item${index}/[id]/[[page=int]]`;
    files[`routes${pattern}.ts`] = `
      import { type Context, json } from "@godwit/core";
      export const GET = (_: Request, { params, env }: Context<"${pattern}">) =>
        json([params.id.length, params.page ?? env.PAGE_SIZE]);`;
  }
  const root = await createApp(t, files);
  writeTypes(await scanApp(root));
  const { code, stdout } = await check(root, "--extendedDiagnostics");
  assert.equal(code, 0, stdout.slice(0, 1000));
  const count = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(stdout)?.[1]);
  t.diagnostic(`Types ${count("Types")}, Instantiations ${count("Instantiations")}`);
  assert.ok(count("Types") < 25_000, `Types ${count("Types")}`);
  assert.ok(count("Instantiations") < 150_000, `Instantiations ${count("Instantiations")}`);
});
