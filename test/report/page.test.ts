import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { createTarget } from "../../packages/bundler/src/bundle.fixture.ts";
import { createReport, type FakeFunction, manyFunctions } from "../../packages/bundler/src/report.fixture.ts";
import type { ReportData } from "../../packages/bundler/src/report-data.ts";
import { writeReport } from "../../packages/bundler/src/report-write.ts";
import { findProgram } from "../programs.ts";

let browser: Browser;

before(async () => {
  browser = await chromium.launch({ executablePath: findProgram("chromium", "chromium"), args: ["--no-sandbox"] });
});
after(() => browser.close());

interface Opened {
  page: Page;
  /** Addresses that the page asked for, its own apart. */
  requests: string[];
  /** What its console and its scripts complained of. */
  complaints: string[];
}

async function open(t: TestContext, data: ReportData, scheme: "light" | "dark" = "light", hash = ""): Promise<Opened> {
  const out = mkdtempSync(join(tmpdir(), "godwit-report-"));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const url = pathToFileURL(await writeReport(out, data)).href;
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width: 1280, height: 900 } });
  t.after(() => context.close());
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => request.url().split("#")[0] !== url && requests.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url + hash);
  return { page, requests, complaints };
}

const SHOP: FakeFunction[] = [
  {
    id: "cart",
    packages: [
      { name: "zod", bytes: 80_000 },
      { name: "routes/cart.ts", bytes: 2000 },
    ],
    startupCpu: 12.5,
  },
  {
    id: "report",
    packages: [{ name: "pdf", bytes: 40_000 }],
    needs: [{ kind: "node-builtin", name: "child_process", chain: ["routes/report.ts", "node:child_process"] }],
  },
  { id: "home", packages: [{ name: "routes/home.ts", bytes: 900 }] },
];

test("the page shows functions, packages, CPU, headroom, edge and what changed, and asks nobody for anything", async (t) => {
  const previous = createReport([
    { id: "cart", packages: [{ name: "zod", bytes: 70_000 }], hash: "h0", startupCpu: 10 },
    { id: "old", packages: [] },
  ]);
  const { page, requests, complaints } = await open(t, createReport(SHOP, { previous }));
  assert.equal(await page.title(), "shop on fake · Godwit report");
  const detail = page.locator("#detail");
  assert.equal(await detail.getByRole("heading", { level: 3 }).textContent(), "cart");
  const text = await words(detail);
  assert.match(text, /82\.0 kB/);
  assert.match(text, /Start-up CPU 12\.5 ms First-use CPU 25 ms/);
  assert.match(text, /Since the last build \+12\.0 kB, start-up \+2\.5 ms/);
  assert.match(text, /size 82\.0 kB \(8\.2%\) 1\.0 MB 918\.0 kB/);
  assert.match(await words(page.locator("#edge")), /2 of 3 on edgy.*routes\/report\.ts > node:child_process/s);
  const changes = await words(page.locator("#changes"));
  assert.match(changes, /2 functions added, 1 removed, 1 changed\./);
  assert.match(changes, /cart changed \+12\.0 kB .*zod \+10\.0 kB/);
  assert.match(await words(page.locator("#shared")), /2 routes in 2 functions: shipped 2 times/);
  assert.deepEqual({ requests, complaints }, { requests: [], complaints: [] });
});

test("one function has one map, and limits are written as platforms write them", async (t) => {
  const target = createTarget({ limits: { functionBytes: 262_144_000 } });
  const { page } = await open(t, createReport(SHOP.slice(0, 1), { target }));
  assert.equal(await page.locator(".map").count(), 1);
  assert.match(await words(page.locator("#detail")), /size 82\.0 kB \(0\.0%\) 250 MiB 262\.1 MB/);
});

test("names in the data stay text, whatever they hold", async (t) => {
  const evil = '</script><img src="http://127.0.0.1:9/x" onerror="document.title=1"><!--<script>';
  const data = createReport([{ id: "home", packages: [{ name: evil, bytes: 500 }] }], {
    name: evil,
    notices: [{ code: "NOTE", message: `${evil}\u2028` }],
  });
  const { page, requests, complaints } = await open(t, data);
  assert.equal(await page.locator("img").count(), 0);
  assert.match(await page.title(), /^<\/script><img/);
  assert.equal(await page.locator("#detail .tile b").first().textContent(), evil);
  assert.deepEqual({ requests, complaints }, { requests: [], complaints: [] });
});

test("the policy of the page lets no script run and nothing be loaded that was not in it", async (t) => {
  const { page, requests } = await open(t, createReport(SHOP));
  const isRun = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = true";
    document.body.append(script);
    const answer = await fetch("http://127.0.0.1:9/").catch(() => "refused");
    return { ran: "ran" in globalThis, answer };
  });
  assert.deepEqual(isRun, { ran: false, answer: "refused" });
  assert.deepEqual(requests, []);
});

/** What is to be read, with one space where there is room. */
async function words(part: Locator): Promise<string> {
  return (await part.allInnerTexts()).join(" ").replaceAll(/\s+/g, " ");
}

/** WCAG's contrast of two colours as the browser prints them. */
function contrast(one: string, other: string): number {
  const light = (color: string): number => {
    const parts = (color.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => Number(part) / 255);
    const [r = 0, g = 0, b = 0] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [high = 0, low = 0] = [light(one), light(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

for (const scheme of ["light", "dark"] as const) {
  test(`it is ${scheme} as the system is, and every text can be read on what is behind it`, async (t) => {
    const previous = createReport([{ id: "cart", packages: [{ name: "zod", bytes: 90_000 }], hash: "h0" }]);
    const { page } = await open(t, createReport(SHOP, { previous }), scheme);
    const pairs = await page.evaluate(() => {
      const behind = (element: Element | null): string => {
        for (let at = element; at; at = at.parentElement) {
          const color = getComputedStyle(at).backgroundColor;
          if (color !== "rgba(0, 0, 0, 0)") return color;
        }
        return "rgb(255, 255, 255)";
      };
      return [...document.querySelectorAll("body *:not(script, option)")]
        .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()))
        .map((element) => ({
          text: element.textContent,
          ink: getComputedStyle(element).color,
          paper: behind(element),
        }));
    });
    assert.ok(pairs.length > 50);
    const [first] = pairs;
    assert.ok(first);
    const body = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(contrast(body, "rgb(0, 0, 0)") > 10, scheme === "light");
    const poor = pairs.filter(({ ink, paper }) => contrast(ink, paper) < 4.5);
    assert.deepEqual(poor, []);
  });
}

test("the keyboard alone reaches the filter, the order and every function", async (t) => {
  const { page } = await open(t, createReport(manyFunctions(40)));
  const stops: string[] = [];
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press("Tab");
    stops.push(
      await page.evaluate(() => document.activeElement?.getAttribute("role") ?? document.activeElement?.id ?? ""),
    );
  }
  const order = ["filter", "order", "listbox"].map((stop) => stops.indexOf(stop));
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
    stops.join(),
  );
  assert.ok(!order.includes(-1), stops.join());
  const list = page.getByRole("listbox", { name: "Functions" });
  await list.focus();
  await page.keyboard.press("Home");
  const seen = new Set<string | null>();
  for (let step = 0; step < 40; step++) {
    seen.add(await page.locator("#detail h3").textContent());
    await page.keyboard.press("ArrowDown");
  }
  assert.equal(seen.size, 40);
  const chosen = list.getByRole("option", { selected: true });
  assert.equal(await list.getAttribute("aria-activedescendant"), await chosen.getAttribute("id"));
  assert.ok(await chosen.isVisible());
});

test("the address names the function that was chosen", async (t) => {
  const { page, complaints } = await open(t, createReport(manyFunctions(400)));
  await page.getByRole("listbox", { name: "Functions" }).focus();
  await page.keyboard.press("End");
  for (let step = 0; step < 220; step++) await page.keyboard.press("ArrowUp");
  const chosen = await page.locator("#detail h3").textContent();
  await page.waitForFunction((id) => location.hash === `#${id}`, chosen);
  assert.deepEqual(complaints, []);
});

test("a reader that hears it has names for all there is", async (t) => {
  const { page } = await open(t, createReport(SHOP));
  const tree = await page.locator("body").ariaSnapshot();
  assert.match(tree, /banner/);
  assert.match(tree, /navigation "Sections"/);
  assert.match(tree, /main/);
  for (const title of [
    "Since the last build",
    "Where the bytes are",
    "Functions",
    "Which routes can run on the edge",
  ]) {
    assert.ok(tree.includes(`region "${title}"`), title);
  }
  assert.match(tree, /searchbox "Filter"/);
  assert.match(tree, /combobox "Order by"/);
  assert.match(tree, /option "cart 82\.0 kB \/cart 12\.5 ms start-up" \[selected\]/);
  assert.match(tree, /img "cart by package: zod 80\.0 kB, routes\/cart\.ts 2\.0 kB\. The table has all\."/);
  await page.locator("#detail summary").click();
  const table = page.locator("#detail").getByRole("table", { name: "cart by package" });
  assert.deepEqual(await table.getByRole("rowheader").allTextContents(), ["zod", "routes/cart.ts"]);
});

test("a thousand functions are all there, can be filtered, ordered and addressed", async (t) => {
  const { page, complaints } = await open(t, createReport(manyFunctions(1000)), "light", "#fn-0777");
  const list = page.getByRole("listbox", { name: "Functions" });
  assert.equal(await list.getByRole("option").count(), 1000);
  assert.equal(await page.locator("#detail h3").textContent(), "fn-0777");
  await page.getByRole("searchbox").fill("/fn-042");
  const shown = await list.getByRole("option").allTextContents();
  assert.equal(shown.length, 10);
  assert.equal(await page.getByRole("status").textContent(), "10 of 1,000 functions");
  await page.getByRole("combobox", { name: "Order by" }).selectOption("name");
  assert.match((await list.getByRole("option").first().textContent()) ?? "", /^fn-0420/);
  assert.deepEqual(complaints, []);
});

test("it fits a phone without scrolling sideways", async (t) => {
  const { page } = await open(t, createReport(SHOP));
  await page.setViewportSize({ width: 360, height: 740 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

test("an address whose hash is no valid encoding shows the first function", async (t) => {
  const { page, complaints } = await open(t, createReport(SHOP), "light", "#%");
  assert.notEqual(await page.locator("#detail").textContent(), "");
  assert.deepEqual(complaints, []);
});
