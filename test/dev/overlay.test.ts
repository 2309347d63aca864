import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium, type Page } from "playwright-core";
import { findProgram } from "../programs.ts";

const home = new URL("../.godwit/", import.meta.url).pathname;
const bin = new URL("../../packages/cli/src/bin.ts", import.meta.url).pathname;

const page = (title: string, policy = "default-src 'self'") =>
  `export const GET = () => new Response("<html><head><script>document.title='loose'</script></head><body><h1>${title}</h1></body></html>", { headers: { "content-type": "text/html", "content-security-policy": ${JSON.stringify(policy)} } });\n`;

interface Opened {
  root: string;
  url: string;
  route: string;
  tab: Page;
  /** What no script of the page's should have thrown. */
  errors: string[];
}

/** An app under `godwit dev`, and a tab of a browser. */
async function open(t: TestContext): Promise<Opened> {
  mkdirSync(join(home), { recursive: true });
  const root = mkdtempSync(join(home, "overlay-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, "routes"));
  const route = join(root, "routes/index.ts");
  writeFileSync(route, page("good"));
  const child = spawn(process.execPath, [bin, "dev", "--root", root, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(async () => {
    child.kill("SIGINT");
    await new Promise((resolve) => child.once("exit", resolve));
  });
  const url = await new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as { event: string; url: string };
      if (event.event === "ready") resolve(event.url);
    });
  });
  const executablePath = findProgram("chromium", "chromium");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const tab = await browser.newPage();
  tab.setDefaultTimeout(10_000);
  const errors: string[] = [];
  tab.on("pageerror", (error) => errors.push(String(error)));
  return { root, url, route, tab, errors };
}

test("in a browser the overlay shows what is broken as text, hides when it is mended, and loads a page that had no code", async (t) => {
  const { root, url, route, tab, errors } = await open(t);
  await tab.goto(url);
  const dialog = tab.locator("godwit-overlay dialog");
  assert.equal(await tab.locator("h1").first().textContent(), "good");
  assert.equal(await dialog.count(), 0);

  writeFileSync(route, 'const x = "<img src=x onerror=document.title=1>" +;\n');
  await dialog.waitFor();
  assert.match((await dialog.textContent()) ?? "", /routes\/index\.ts:1:\d+/);
  assert.match((await dialog.locator("pre").textContent()) ?? "", /<img src=x/);
  assert.equal(await dialog.locator("img").count(), 0);
  await tab.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await tab.reload();
  await dialog.waitFor();
  writeFileSync(route, page("better"));
  await dialog.waitFor({ state: "detached" });

  writeFileSync(join(root, "routes/new.ts"), "export const GET = (;\n");
  while ((await fetch(new URL("new", url))).status !== 500) await sleep(20);
  const response = await tab.goto(new URL("new", url).href);
  assert.equal(response?.status(), 500);
  await dialog.waitFor();
  writeFileSync(join(root, "routes/new.ts"), page("fine"));
  await tab.locator("h1", { hasText: "fine" }).waitFor();
  assert.equal(await dialog.count(), 0);
  assert.deepEqual(errors, []);
});

test("under an app's own strict policy the overlay works, and nothing else is let in", async (t) => {
  const { url, route, tab, errors } = await open(t);
  const dialog = tab.locator("godwit-overlay dialog");
  for (const policy of [
    "default-src 'none'",
    "default-src 'none'; script-src 'nonce-own' 'strict-dynamic'; require-trusted-types-for 'script'; trusted-types 'none'",
    "default-src 'self'; script-src 'nonce-own'; connect-src 'none'; style-src 'none', script-src 'none'",
  ]) {
    const good = page(`under ${policy.length}`, policy);
    writeFileSync(route, good);
    while (!(await (await fetch(url)).text()).includes(`under ${policy.length}`)) await sleep(20);
    await tab.goto(url);
    assert.equal(await dialog.count(), 0);
    writeFileSync(route, "const x = ;\n");
    await dialog.waitFor();
    assert.equal(await dialog.evaluate((element) => getComputedStyle(element).borderTopWidth), "4px");
    assert.notEqual(await tab.title(), "loose");
    writeFileSync(route, good);
    await dialog.waitFor({ state: "detached" });
  }
  assert.deepEqual(errors, []);
});
