import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createApp, godwit } from "../../packages/cli/src/cli.fixture.ts";
import { answers } from "./replay.ts";

interface Printed {
  functions: { id: string; routes: { pattern: string }[]; reason: string }[];
  front: { routes: unknown[] };
}

/** What `godwit routes --json` says of one target. */
async function readRoutes(root: string, target: string): Promise<Printed> {
  const { code, stdout, stderr } = await godwit(["routes", "--json", "--target", target, "--root", root]);
  assert.equal(code, 0, stderr);
  const [printed] = (JSON.parse(stdout) as { targets: Printed[] }).targets; // our own command's answer
  assert.ok(printed);
  return printed;
}

const patternsOf = (functions: Printed["functions"]) =>
  functions.flatMap(({ routes }) => routes.map(({ pattern }) => pattern)).sort();

const route = (text: string, config = "") =>
  `${config}export const GET = () => new Response(${JSON.stringify(text)});\n`;

test("a route that asks for a Worker of its own answers from behind the dispatcher", async (t) => {
  const root = await createApp(t, {
    "routes/index.ts": route("home"),
    "routes/heavy/[id].ts":
      'export const config = { split: true };\nexport const GET = (_: Request, c: { params: { id: string } }) => new Response("heavy " + c.params.id);\n',
    "routes/heavy/light.ts": route("light"),
    "routes/_middleware.ts":
      'export default async (_: Request, __: unknown, next: () => Promise<Response>) => { const r = await next(); r.headers.append("x-ran", "once"); return r; };\n',
  });
  await answers({
    root,
    requests: [
      { path: "/", expect: { status: 200, body: "home", headers: { "x-ran": "once" } } },
      { path: "/heavy/7%2F8", expect: { status: 200, body: "heavy 7/8", headers: { "x-ran": "once" } } },
      { path: "/heavy/light", expect: { status: 200, body: "light", headers: { "x-ran": "once" } } },
      { method: "POST", path: "/heavy/7", expect: { status: 405 } },
      { path: "/heavy/7/8", expect: { status: 404, headers: { "x-ran": "once" } } },
    ],
    runs: [{ target: "cloudflare" }],
  });
});

test("an app over one script's limit becomes several Workers, each under it, and answers", async (t) => {
  const files: Record<string, string> = {};
  const names = ["one", "two", "three"];
  // base64 of noise shrinks to three quarters: 1.2 MB each of the 3 MiB that a free plan's script may have
  for (const name of names) {
    files[`data/${name}.ts`] = `export const data = ${JSON.stringify(randomBytes(1_200_000).toString("base64"))};\n`;
    files[`routes/${name}.ts`] =
      `import { data } from "../data/${name}.ts";\nexport const GET = () => new Response("${name} " + data.length);\n`;
  }
  const root = await createApp(t, { ...files, "routes/index.ts": route("home") });
  await answers({
    root,
    requests: [
      { path: "/", expect: { status: 200, body: "home" } },
      ...names.map((name) => ({ path: `/${name}`, expect: { status: 200, body: `${name} 1600000` } })),
      { path: "/none", expect: { status: 404 } },
    ],
    runs: [{ target: "cloudflare" }],
  });
  const built = await godwit(["build", "--target", "cloudflare", "--root", root]);
  assert.equal(built.code, 0, built.stderr);
  assert.match(built.stdout + built.stderr, /One function would exceed the limit of cloudflare/);
  const workers = (await readdir(join(root, "dist/cloudflare"), { withFileTypes: true })).filter((each) =>
    each.isDirectory(),
  );
  assert.ok(workers.length >= 3, `${workers.map(({ name }) => name)}`);
});

test("one route over the limit alone is an error that names it, the limit and what is heavy", async (t) => {
  const noise = randomBytes(4_000_000).toString("base64");
  const root = await createApp(t, {
    "data/noise.ts": `export const noise = "${noise}";\n`,
    "routes/huge.ts": 'import { noise } from "../data/noise.ts";\nexport const GET = () => new Response(noise);\n',
    "routes/index.ts": route("home"),
  });
  const built = await godwit(["build", "--target", "cloudflare", "--root", root]);
  assert.equal(built.code, 1);
  assert.match(
    built.stderr,
    /LIMIT_EXCEEDED Function huge has [\d,]+ bytes gzipped; cloudflare takes at most 3,145,728/,
  );
  assert.match(built.stderr, /Heaviest: data\/noise\.ts 5,333,/);
});

test("twenty routes on a Hobby plan are packed into twelve functions, the same each time, with reasons", async (t) => {
  const files: Record<string, string> = {};
  for (let at = 0; at < 20; at++) files[`routes/r${at}.ts`] = route(`route ${at}`);
  const root = await createApp(t, files);
  const { functions } = await readRoutes(root, "vercel");
  assert.equal(functions.length, 12);
  assert.deepEqual((await readRoutes(root, "vercel")).functions, functions);
  assert.equal(new Set(patternsOf(functions)).size, 20);
  for (const fn of functions) assert.ok(fn.reason.length > 5, fn.id);
  assert.ok(functions.some(({ reason }) => reason.includes("takes 12 functions")));
  await answers({
    root,
    requests: Array.from({ length: 20 }, (_, at) => ({
      path: `/r${at}`,
      expect: { status: 200, body: `route ${at}` },
    })),
    runs: [{ target: "vercel" }],
  });
});

test("config.group forces, and `grouping` says how the rest is put together", async (t) => {
  const grouped = 'export const config = { group: "shop" };\n';
  const files = {
    "routes/cart.ts": route("cart", grouped),
    "routes/about.ts": route("about"),
    "routes/buy/[id].ts": route("buy", grouped),
    "routes/index.ts": route("home"),
  };
  for (const [grouping, count] of [
    ["auto", 4],
    ["route", 4],
    ["single", 2],
  ] as const) {
    const root = await createApp(t, {
      ...files,
      "godwit.config.ts": `export default { grouping: "${grouping}" };\n`,
    });
    const { functions } = await readRoutes(root, "lambda");
    assert.equal(functions.length, count, `${grouping}: ${functions.map(({ id }) => id)}`);
    const shop = functions.filter(({ id }) => id === "shop");
    assert.deepEqual(patternsOf(shop), ["/buy/[id]", "/cart"]);
    await answers({
      root,
      requests: ["/cart", "/buy/1", "/about"].map((path) => ({
        path,
        expect: { status: 200, body: path.split("/")[1] },
      })),
      runs: [{ target: "lambda" }],
    });
  }
});

test("more routes than a front takes are served all the same", async (t) => {
  const files: Record<string, string> = {
    "routes/_not-found.ts": 'export default () => new Response("none", { status: 404 });\n',
  };
  for (let at = 0; at < 340; at++) files[`routes/r${at}.ts`] = route(`route ${at}`);
  const root = await createApp(t, files);
  const { functions, front } = await readRoutes(root, "lambda");
  assert.ok(front.routes.length <= 300, `${front.routes.length} front routes`);
  assert.equal(patternsOf(functions).length, 340);
  await answers({
    root,
    requests: [0, 5, 100, 299, 300, 301, 338, 339].map((at) => ({
      path: `/r${at}`,
      expect: { status: 200, body: `route ${at}` },
    })),
    runs: [{ target: "lambda" }],
  });
});
