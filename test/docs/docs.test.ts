import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { type Block, blocks, pages, read, root } from "./blocks.ts";

function ofLanguage(...names: string[]): Block[] {
  return blocks.filter(({ language }) => names.includes(language));
}

test("every TypeScript block of the docs type-checks as a module of an app", (t) => {
  // Inside test/, so that packages are found as an installed app finds them.
  const home = join(root, "test/.godwit");
  mkdirSync(home, { recursive: true });
  const folder = mkdtempSync(join(home, "docs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const own = ofLanguage("ts");
  assert.ok(own.length >= 5, "the blocks were not found");
  for (const { place, code } of own) {
    writeFileSync(join(folder, `${place.replaceAll(/[/:]/g, "__")}.ts`), `${code}\nexport {};\n`);
  }
  const config = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: { noEmit: true, types: ["node"], noUnusedLocals: false },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  const bin = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout, error } = spawnSync(process.execPath, [bin, "-p", folder], { cwd: folder, encoding: "utf8" });
  assert.equal(error, undefined);
  assert.equal(status, 0, stdout);
});

test("every JSON block of the docs is JSON", () => {
  const own = ofLanguage("json");
  assert.ok(own.length >= 2, "the blocks were not found");
  for (const { place, code } of own) assert.doesNotThrow(() => JSON.parse(code), place);
});

test("every block is TypeScript, JSON, command lines, which are all checked, or text", () => {
  const others = blocks.filter(({ language }) => !["ts", "json", "sh", "text"].includes(language));
  assert.deepEqual(others, []);
});

test("every relative link of the docs leads to a file, and to a heading of it", () => {
  const broken: string[] = [];
  for (const page of pages) {
    const prose = read(page)
      .replaceAll(/^```.*?^```$/gms, "")
      .replaceAll(/`[^`\n]*`/g, "");
    for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      const isThere = existsSync(join(root, file)) && (!anchor || anchorsOf(file).includes(anchor));
      if (!isThere) broken.push(`${page}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-"),
  );
}
