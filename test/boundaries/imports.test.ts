import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Import, reach, resolveImport, root, sources } from "./sources.ts";

const platforms = readdirSync(join(root, "packages/adapters/src"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
  .map((entry) => entry.name);

/** Imports of files below a prefix that leave the package, as `file: specifier`. */
function strangers(prefix: string, allowed: (one: Import, path: string) => boolean): string[] {
  return sources()
    .filter(({ path }) => path.startsWith(prefix))
    .flatMap(({ path, imports }) =>
      imports
        .filter((one) => !one.specifier.startsWith(".") && !allowed(one, path))
        .map((one) => `${path}: ${one.specifier}`),
    );
}

const among =
  (...patterns: RegExp[]) =>
  ({ specifier }: Import) =>
    patterns.some((pattern) => pattern.test(specifier));

test("core imports nothing but itself, and redis() the client that it is there for", () => {
  assert.deepEqual(
    strangers("packages/core/", () => false),
    ["packages/core/src/stores/redis.ts: ioredis"],
  );
});

test("the bundler imports core's manifest, errors, pattern and types, its tools and Node", () => {
  const tools = among(
    /^node:/,
    /^@godwit\/core\/(?:manifest|errors|pattern|matchers)$/,
    /^(?:esbuild|oxc-parser|@vercel\/nft|mrmime|tinyglobby)$/,
  );
  const types = among(/^@godwit\/core\/types$/, /^@standard-schema\/spec$/, /^@oxc-project\/types$/);
  assert.deepEqual(
    strangers("packages/bundler/", (one) => tools(one) || (one.type && types(one))),
    [],
  );
});

test("deploy imports core's manifest and errors, zod, and the vendors' own clients", () => {
  const allowed = among(
    /^node:/,
    /^@godwit\/core\/(?:manifest|errors)$/,
    /^(?:zod|fflate)$/,
    /^@aws-sdk\/client-[\w-]+$/,
  );
  assert.deepEqual(strangers("packages/deploy/", allowed), []);
});

test("nobody imports the cli", () => {
  const guilty = sources().filter(
    ({ path, imports }) => !path.startsWith("packages/cli/") && imports.some(among(/^godwit(?:\/|$)/)),
  );
  assert.deepEqual(
    guilty.map(({ path }) => path),
    [],
  );
});

test("a platform never reaches into another platform", () => {
  const guilty = platforms.flatMap((name) =>
    sources()
      .filter(({ path }) => path.startsWith(`packages/adapters/src/${name}/`))
      .flatMap(({ path, imports }) =>
        imports
          .filter((one) => one.specifier.startsWith("."))
          .map((one) => resolveImport(path, one.specifier))
          .filter((to) => platforms.some((other) => other !== name && to.startsWith(`packages/adapters/src/${other}/`)))
          .map((to) => `${path}: ${to}`),
      ),
  );
  assert.deepEqual(guilty, []);
});

for (const name of platforms) {
  const folder = `packages/adapters/src/${name}/`;
  const half = (file: string) => reach(`${folder}${file}.ts`);
  const imports = (files: Set<string>, allowed: (one: Import) => boolean) =>
    sources()
      .filter(({ path }) => files.has(path))
      .flatMap(({ path, imports }) =>
        imports
          .filter((one) => !one.specifier.startsWith(".") && !allowed(one))
          .map((one) => `${path}: ${one.specifier}`),
      );

  test(`the runtime half of ${name} ships core and itself alone, and names no Node built-in`, () => {
    const files = half("index");
    assert.ok(files.size > 0);
    assert.deepEqual(
      imports(files, (one) => one.type || among(/^@godwit\/core(?:\/|$)/)(one)),
      [],
    );
  });

  test(`the build half of ${name} gets its tools as arguments`, () => {
    const types = among(/^@godwit\/bundler\/contracts$/, /^@godwit\/core\//, /^@standard-schema\/spec$/);
    const values = among(/^zod$/, /^node:/, /^@godwit\/core\/(?:manifest|errors|pattern)$/);
    assert.deepEqual(
      imports(half("target"), (one) => values(one) || (one.type && types(one))),
      [],
    );
  });

  test(`the local half of ${name} imports Node and core's errors, and its tools as arguments`, () => {
    const types = among(/^@godwit\/bundler\/contracts$/, /^@godwit\/core\//, /^miniflare$/);
    const values = among(/^node:/, /^@godwit\/core\/(?:manifest|errors|pattern)$/);
    assert.deepEqual(
      imports(half("emulate"), (one) => values(one) || (one.type && types(one))),
      [],
    );
  });

  test(`what makes an artefact of an upload of ${name} imports Node and core's words alone`, () => {
    const types = among(/^@godwit\/bundler\/contracts$/, /^@godwit\/core\//);
    const values = among(/^node:/, /^@godwit\/core\/(?:manifest|errors|pattern)$/);
    assert.deepEqual(
      imports(half("upload"), (one) => values(one) || (one.type && types(one))),
      [],
    );
  });

  test(`no half of ${name} reaches the root of another`, () => {
    const roots = ["index", "target", "emulate", "upload"];
    const crossed = roots.flatMap((from) =>
      roots.filter((to) => to !== from && half(from).has(`${folder}${to}.ts`)).map((to) => `${from} reaches ${to}`),
    );
    assert.deepEqual(crossed, []);
  });
}

test("nothing inside a package imports its own index", () => {
  const guilty = sources().flatMap(({ path, imports }) =>
    imports
      .filter(
        (one) =>
          one.specifier.startsWith(".") && /^packages\/[^/]+\/src\/index\.ts$/.test(resolveImport(path, one.specifier)),
      )
      .map(() => path),
  );
  assert.deepEqual(guilty, []);
});

test("there is no import cycle at run time", () => {
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const byPath = new Map(sources().map((source) => [source.path, source]));
  const visit = (path: string, trail: string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" > "));
      return;
    }
    state.set(path, "open");
    for (const { specifier, type } of byPath.get(path)?.imports ?? []) {
      if (!type && specifier.startsWith(".")) visit(resolveImport(path, specifier), [...trail, path]);
    }
    state.set(path, "done");
  };
  for (const { path } of sources()) visit(path, []);
  assert.deepEqual(cycles, []);
});

test("no file is over 400 lines", () => {
  const long = sources().filter(({ text }) => text.split("\n").length > 401);
  assert.deepEqual(
    long.map(({ path }) => path),
    [],
  );
});
