import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { publint } from "publint";
import { createProject, type Place, PNPM, packAll, run, type Tarball, withServer } from "./pack.ts";
import { startRegistry } from "./registry.ts";

const workspace = new URL("../..", import.meta.url).pathname;

/** The README's first block of TypeScript: what it says must work. */
const readme = readFileSync(join(workspace, "README.md"), "utf8");
const route = /```ts\n\/\/ (routes\S+)\n([\s\S]*?)```/.exec(readme);
const [, routeFile = "", routeCode = ""] = route ?? [];

let packed: Awaited<ReturnType<typeof packAll>>;
before(async () => {
  packed = await packAll();
});
after(() => packed.remove());

const nameOf = ({ name }: Tarball) => name;

test("publint finds nothing to say about any tarball", async () => {
  for (const { name, path } of packed.tarballs) {
    const { messages } = await publint({
      pack: { tarball: (await readFile(path)).buffer as ArrayBuffer },
      strict: true,
    });
    assert.deepEqual(messages, [], name);
  }
});

test("the types of every entry resolve from every tarball", async () => {
  const attw = createRequire(import.meta.url)
    .resolve("@arethetypeswrong/cli/package.json")
    .replace(/package\.json$/, "dist/index.js");
  for (const { path } of packed.tarballs) {
    const listing = await run(workspace, "tar", "tzf", path);
    const files = listing.split("\n").map((line) => line.replace(/^package\//, "./"));
    const { exports } = JSON.parse(await run(workspace, "tar", "xzOf", path, "package/package.json")) as {
      exports: Record<string, { default: string }>;
    };
    const entries = Object.entries(exports).flatMap(([entry, { default: target }]) => {
      if (!entry.includes("*")) return [entry];
      const [head = "", tail = ""] = target.split("*");
      return files
        .filter((file) => file.startsWith(head) && file.endsWith(tail))
        .map((file) => file.slice(head.length, file.length - tail.length))
        .filter((star) => !star.includes("/"))
        .map((star) => entry.replace("*", star));
    });
    assert.ok(entries.length > 0);
    await run(workspace, "node", attw, path, "--profile", "esm-only", "--no-emoji", "--entrypoints", ...entries);
  }
});

const project = () =>
  createProject({
    "package.json": JSON.stringify({ name: "user-app", private: true, type: "module" }),
    [routeFile]: routeCode,
    "app.test.ts": `
      import assert from "node:assert/strict";
      import { test } from "node:test";
      import { loadApp } from "godwit";
      test("greets", async () => {
        const app = await loadApp(import.meta.dirname);
        const response = await app.fetch(new Request("http://localhost/hello/Ada"));
        assert.deepEqual(await response.json(), { hello: "Ada" });
      });`,
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        module: "nodenext",
        strict: true,
        noEmit: true,
        types: [],
        lib: ["es2024", "dom", "dom.iterable"],
      },
      include: ["routes"],
    }),
  });

/** Everything the README promises, in a project that has the tarballs alone. */
async function useAsReadmeSays(folder: string): Promise<void> {
  const tsc = join(workspace, "node_modules/.bin/tsc");
  await run(folder, tsc, "-p", ".");
  await run(folder, "node", "--test", "app.test.ts");
  await run(folder, "npx", "--no-install", "godwit", "doctor");
  for (const target of ["node", "lambda", "cloudflare", "vercel"]) {
    const printed = await run(folder, "npx", "--no-install", "godwit", "build", "--target", target, "--json");
    const { built } = JSON.parse(printed) as { built: { functions: { bytes: number }[] }[] };
    assert.ok(
      built[0]?.functions.every((fn) => fn.bytes > 0),
      target,
    );
  }
  await withServer(folder, ["npx", "--no-install", "godwit", "preview", "--build", "--port", "0"], async (url) => {
    const response = await fetch(new URL("hello/you", url));
    assert.deepEqual(await response.json(), { hello: "you" });
  });
  const deploy = ["deploy", "--target", "node", "--rehearse", "--yes", "--json"];
  const printed = await run(folder, "npx", "--no-install", "godwit", ...deploy);
  const { deployed } = JSON.parse(printed) as { deployed: { outcome: string }[] };
  assert.equal(deployed[0]?.outcome, "deployed");
}

test("the tarballs install with npm in an empty project and work as the README says", async () => {
  const folder = await project();
  try {
    await run(folder, "npm", "install", "--no-audit", "--no-fund", ...packed.tarballs.map(({ path }) => path));
    await useAsReadmeSays(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the tarballs install with pnpm in an empty project and work as the README says", async () => {
  const folder = await project();
  try {
    const overrides = packed.tarballs.map((one) => `  "${nameOf(one)}": "file:${one.path}"`).join("\n");
    await writeFile(join(folder, "pnpm-workspace.yaml"), `overrides:\n${overrides}\nallowBuilds:\n  esbuild: true\n`);
    const wanted = packed.tarballs.filter(({ name }) => name === "godwit" || name === "@godwit/core");
    await run(folder, ...PNPM, "add", ...wanted.map(({ path }) => path));
    await useAsReadmeSays(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** What `npx godwit init` wrote and installed: it serves, type-checks, passes its test, builds and takes a route more. */
async function useFirstApp(app: Place): Promise<void> {
  await withServer(app, ["npm", "run", "dev", "--", "--port", "0"], async (url) => {
    const response = await fetch(new URL("hello/you", url));
    assert.deepEqual(await response.json(), { hello: "you" });
  });
  await run(app, "npm", "run", "types");
  assert.match(await run(app, "npm", "test"), /pass 1/);
  assert.match(await run(app, "npm", "run", "build"), /built \w+: 1 function/);
  await run(app, "npx", "--no-install", "godwit", "generate", "route", "users/[id]");
  await run(app, "npm", "run", "types");
}

test("npx godwit init, on a machine that never saw it, makes apps that install and run at once", async () => {
  const folder = await createProject({});
  const registry = await startRegistry(packed.tarballs);
  // a cache of its own: neither what npx kept is used, nor what it keeps here is found by anyone later
  const env = { npm_config_registry: registry.url, npm_config_cache: join(folder, "cache") };
  try {
    for (const target of ["node", "cloudflare"]) {
      await run({ cwd: folder, env }, "npx", "--yes", "godwit", "init", target, "--yes", "--target", target);
      await useFirstApp({ cwd: join(folder, target), env });
    }
  } finally {
    registry.close();
    await rm(folder, { recursive: true, force: true });
  }
});
