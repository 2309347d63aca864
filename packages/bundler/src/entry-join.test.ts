import assert from "node:assert/strict";
import { test } from "node:test";
import { joinSources } from "./entry-join.ts";

const APP = `import { createApp } from "@godwit/core/app";
import { GET as f0 } from "./routes/a.ts";
export const env = undefined;
const route0 = { pattern: "/handler", module: { GET: f0 }, middleware: [] };
export default createApp(route0);
`;

test("an entry has the app's source in the place of its import", () => {
  const entry =
    'import app from "godwit:app";\nimport { toHandler } from "x";\nexport const handler = toHandler(app);\n';
  assert.equal(
    joinSources(entry, APP),
    `import { createApp } from "@godwit/core/app";
import { GET as f0 } from "./routes/a.ts";
const route0 = { pattern: "/handler", module: { GET: f0 }, middleware: [] };
const app = createApp(route0);
import { toHandler } from "x";
export const handler = toHandler(app);
`,
  );
});

test("an env that the app's own file defines is imported, and no longer exported", () => {
  const app = `import env from "./env.ts";\nexport { env };\nexport default createApp(match, { env });\n`;
  const joined = joinSources('import app from "godwit:app";\nexport default toWorker(app);\n', app);
  assert.equal(
    joined,
    'import env from "./env.ts";\nconst app = createApp(match, { env });\nexport default toWorker(app);\n',
  );
});

test("two that have a name in common stay two modules, and so does an entry that wants more than the app", () => {
  assert.equal(
    joinSources('import app from "godwit:app";\nconst route0 = 1;\nexport default route0;\n', APP),
    undefined,
  );
  assert.equal(
    joinSources('import app, { env } from "godwit:app";\nexport default serve(app, env);\n', APP),
    undefined,
  );
  const dispatcher = `${APP}export const behind = (path) => others(path);\n`;
  assert.equal(joinSources('import app from "godwit:app";\nexport default toWorker(app);\n', dispatcher), undefined);
});
