import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createStacks } from "./stacks.ts";

/** Line 1, column 1 of the built file is line 5, column 3 of the source. */
const MAP = JSON.stringify({ version: 3, sources: ["routes/my%20users.ts"], names: [], mappings: "AAIE" });

async function temporary(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "godwit stacks-")));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("positions become those of the source, however the runtime names the file", () =>
  temporary(async (folder) => {
    const root = join(folder, "dist/app");
    await mkdir(join(root, "fn"), { recursive: true });
    await mkdir(`${root}.maps/fn`, { recursive: true });
    await writeFile(`${root}.maps/fn/index.mjs.map`, MAP);
    const { map, fileIn } = createStacks(root);
    const file = join(root, "fn/index.mjs");
    for (const place of [file, pathToFileURL(file).href, `file://${file}`, "fn/index.mjs"]) {
      assert.equal(map(`Error: no\n    at f (${place}:1:1)`), "Error: no\n    at f (routes/my users.ts:5:3)");
      assert.equal(fileIn(`at ${place}:1:1`), "fn/index.mjs");
    }
  }));

test("a map beside its file is read too, and a link to the folder is seen through", () =>
  temporary(async (folder) => {
    const root = join(folder, "real");
    await mkdir(root);
    await writeFile(join(root, "a.js.map"), MAP);
    await symlink(root, join(folder, "link"));
    assert.equal(createStacks(join(folder, "link")).map(`at ${root}/a.js:1:1`), "at routes/my users.ts:5:3");
  }));

test("what has no map, and what is not of the artefact, stays as it is", () =>
  temporary(async (folder) => {
    const { map, fileIn } = createStacks(folder);
    for (const text of [`at ${folder}/a.js:1:1`, "at node:internal/a.js:1:1", "http://a.test/a.js:1:1", "at 1:1"]) {
      assert.equal(map(text), text);
    }
    assert.equal(fileIn("at https://a.test/a.js:1:1"), undefined);
  }));

test("after clear() a new build's maps are read", () =>
  temporary(async (folder) => {
    const stacks = createStacks(folder);
    const text = `at ${folder}/a.js:1:1`;
    assert.equal(stacks.map(text), text);
    await writeFile(join(folder, "a.js.map"), MAP);
    assert.equal(stacks.map(text), text);
    stacks.clear();
    assert.equal(stacks.map(text), "at routes/my users.ts:5:3");
  }));
