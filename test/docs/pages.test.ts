import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { findProgram } from "../programs.ts";
import { type Block, blocks, commandsOf, root } from "./blocks.ts";
import { openShell, type Shell } from "./shell.ts";

/** Read from the repository itself, and run by CI as it is. */
const WORKSPACE = ["CONTRIBUTING.md", "bench/README.md"];
/** Of the README, what stands above this is for those who use Godwit. */
const OWN = "## In this repository";
/** What examples' pages send. */
const UPLOADS = { "photo.jpg": "a photo", "big.bin": "x".repeat(100_000) };

/** Deploying needs an account; what is run of these pages is their rehearsals, and test/deploy has the rest. */
const DEPLOYS = /^(?:docs\/deploy|infra\/)/;

const shells = blocks.filter(({ page, language, code, after }) => {
  if (language !== "sh" || WORKSPACE.includes(page)) return false;
  if (DEPLOYS.test(page)) return code.includes("--rehearse");
  return page !== "README.md" || after.includes(OWN);
});

/** A folder inside the workspace, where packages are found as an installed app finds them. */
function createFolder(t: TestContext): string {
  const home = join(root, "test/.godwit");
  mkdirSync(home, { recursive: true });
  const folder = mkdtempSync(join(home, "reader-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A page that does not make an app is read in one: in its example, else in that of `init`. */
async function openPage(t: TestContext, page: string): Promise<{ shell: Shell; folder: string }> {
  const home = createFolder(t);
  const isFirst = shells.some((block) => block.page === page && block.code.includes("godwit init"));
  const folder = join(home, "place");
  mkdirSync(folder);
  if (page.startsWith("examples/")) copyExample(join(root, dirname(page)), folder);
  const shell = openShell(folder, join(home, "bin"));
  t.after(() => shell.close());
  if (!isFirst && !page.startsWith("examples/")) await shell.run("npx godwit init . --yes --no-install --name shop");
  return { shell, folder };
}

function copyExample(from: string, to: string): void {
  const own = readdirSync(from).filter((name) => !["node_modules", "dist", ".godwit"].includes(name));
  for (const name of own) cpSync(join(from, name), join(to, name), { recursive: true });
  for (const [name, text] of Object.entries(UPLOADS)) writeFileSync(join(to, name), text);
}

/** Runs a block; what the page says that its last command answers, it must. */
async function runBlock(shell: Shell, { code, after, place }: Block): Promise<void> {
  let printed = "";
  for (const command of commandsOf({ code })) printed = await shell.run(command);
  const answer = /^\s+answers `([^`]+)`/.exec(after)?.[1];
  if (answer !== undefined) assert.equal(printed, answer, place);
}

findProgram("curl", "curl");

for (const page of new Set(shells.map((block) => block.page))) {
  test(`the commands of ${page} work, in their order`, async (t) => {
    const { shell, folder } = await openPage(t, page);
    const isGuide = page === "docs/getting-started.md";
    for (const block of blocks.filter((one) => one.page === page)) {
      if (shells.includes(block)) await runBlock(shell, block);
      const file = /^\/\/ (\S+)\n/.exec(block.code)?.[1];
      if (isGuide && block.language === "ts" && file) writeFileSync(join(folder, "my-app", file), block.code);
    }
  });
}
