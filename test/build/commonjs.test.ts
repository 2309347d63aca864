import { test } from "node:test";
import { createApp } from "../../packages/cli/src/cli.fixture.ts";
import { answers } from "./replay.ts";

const FILES = {
  "godwit.config.ts": "export default {};\n",
  "node_modules/old/package.json": '{ "name": "old", "version": "1.0.0", "main": "index.js" }',
  "node_modules/old/index.js": `const { posix } = require("path");
const fs = require("fs");
exports.join = posix.join;
exports.late = () => typeof fs.readFileSync + require("node:util").format("%d", 1);
exports.named = (name) => require(name).EOL.length;
`,
  "routes/commonjs.ts": `import old from "old";
export const GET = () => new Response(old.join("a", "..", "b") + old.late() + old.named("os"));
`,
  "routes/none.ts": "export const GET = () => new Response('none');\n",
};

test("a CommonJS package gets Node's built-ins on every platform that has them", async (t) => {
  const root = await createApp(t, FILES);
  await answers({
    root,
    requests: [
      { path: "/commonjs", expect: { status: 200, body: "bfunction11" } },
      { path: "/none", expect: { status: 200, body: "none" } },
    ],
    runs: [{ target: "node" }, { target: "cloudflare" }, { target: "lambda" }],
  });
});
