import { test } from "node:test";
import { createApp } from "../../packages/cli/src/cli.fixture.ts";
import { answers } from "./replay.ts";

const shared = `export const seen = (globalThis as { instrumented?: string }).instrumented ?? "nothing";\n`;

test("a module that sets something up runs before the shared module that reads it at import", async (t) => {
  const root = await createApp(t, {
    "lib/setup.ts": '(globalThis as { instrumented?: string }).instrumented = "instrumented";\n',
    "lib/shared.ts": shared,
    "lib/other.ts": `export const other = "other";\n`,
    "routes/first.ts":
      'import "../lib/setup.ts";\nimport { seen } from "../lib/shared.ts";\nimport { other } from "../lib/other.ts";\nexport const GET = () => new Response(seen + " " + other);\n',
    "routes/second.ts":
      'import { seen } from "../lib/shared.ts";\nexport const GET = () => new Response(typeof seen);\n',
    "routes/third.ts": 'import { other } from "../lib/other.ts";\nexport const GET = () => new Response(other);\n',
  });
  await answers({
    root,
    requests: [
      { path: "/first", expect: { status: 200, body: "instrumented other" } },
      { path: "/second", expect: { status: 200, body: "string" } },
      { path: "/third", expect: { status: 200, body: "other" } },
    ],
    runs: [{ target: "node" }, { target: "lambda" }, { target: "cloudflare" }, { target: "vercel" }],
  });
});

test("two shared modules run in the order in which each route imports them", async (t) => {
  const log = (name: string) =>
    `const all = ((globalThis as { ran?: string[] }).ran ??= []);\nall.push("${name}");\nexport const ${name} = all;\n`;
  const route = (...names: string[]) =>
    `${names.map((name) => `import { ${name} } from "../lib/${name}.ts";\n`).join("")}export const GET = () => new Response([...new Set([${names}])].map((ran) => ran.join(" ")).join());\n`;
  const root = await createApp(t, {
    "lib/a.ts": log("a"),
    "lib/b.ts": log("b"),
    "lib/c.ts": log("c"),
    "routes/ab.ts": route("a", "b"),
    "routes/ba.ts": route("b", "a"),
    "routes/cab.ts": route("c", "a", "b"),
    "routes/bca.ts": route("b", "c", "a"),
  });
  await answers({
    root,
    requests: ["ab", "ba", "cab", "bca"].map((name) => ({
      path: `/${name}`,
      expect: { status: 200, body: [...name].join(" ") },
    })),
    runs: [{ target: "lambda" }],
  });
});
