import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./sources.ts";

interface Package {
  name: string;
  private?: boolean;
  exports: Record<string, string>;
  publishConfig: { exports: Record<string, { types: string; default: string }> };
}

const published = ["core", "adapters", "bundler", "cli"].map((room) => {
  const folder = join(root, "packages", room);
  return { room, folder, json: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package };
});

for (const { room, folder, json } of published) {
  test(`each export of ${room} is a file, and is published from dist under the same name`, () => {
    assert.deepEqual(Object.keys(json.publishConfig.exports), Object.keys(json.exports));
    for (const [name, source] of Object.entries(json.exports)) {
      const files = source.includes("*") ? globSync(source, { cwd: folder }) : [source];
      assert.ok(files.length > 0 && files.every((file) => existsSync(join(folder, file))), `${name} -> ${source}`);
      const built = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
      assert.deepEqual(json.publishConfig.exports[name], { types: `${built}.d.ts`, default: `${built}.js` });
    }
  });
}

test("every middleware is a file with its test beside it, and its factory has the file's name", async () => {
  const files = globSync("packages/core/src/middleware/*.ts", { cwd: root }).filter(
    (file) => !file.endsWith(".test.ts"),
  );
  assert.ok(files.length >= 10, `${files.length} middleware`);
  for (const file of files) {
    assert.ok(existsSync(join(root, file.replace(/\.ts$/, ".test.ts"))), `${file} has a test`);
    const name = file
      .slice(file.lastIndexOf("/") + 1, -3)
      .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const module = (await import(join(root, file))) as Record<string, unknown>;
    assert.equal(typeof module[name], "function", `${file} exports ${name}`);
  }
});
