import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createApp } from "../cli.fixture.ts";
import { loadProject } from "../project/config.ts";
import { warmList } from "./warm-list.ts";

test("the list is the config's, or a file's without its remarks", async (t) => {
  const root = await createApp(t, { "godwit.config.ts": `export default { deploy: { warm: "warm.txt" } };` });
  const project = await loadProject(root);
  assert.deepEqual(await warmList({ ...project, deploy: { warm: ["/a"] } }), ["/a"]);
  assert.deepEqual(await warmList({ ...project, deploy: {} }), []);
  await assert.rejects(warmList(project), {
    code: "DEPLOY_WARM_INVALID",
    message: /file warm\.txt, which cannot be read/,
  });
  await writeFile(join(root, "warm.txt"), "# the front page\n/\n\n  /popular?page=1 \r\nhttps://cdn.shop.test/a\n");
  assert.deepEqual(await warmList(project), ["/", "/popular?page=1", "https://cdn.shop.test/a"]);
  await writeFile(join(root, "warm.txt"), "/\npopular\n");
  await assert.rejects(warmList(project), {
    code: "DEPLOY_WARM_INVALID",
    message: /warm\.txt:2: "popular" is no path/,
  });
});

test("a list in the config is checked with it", async (t) => {
  const root = await createApp(t, { "godwit.config.ts": `export default { deploy: { warm: ["popular"] } };` });
  await assert.rejects(loadProject(root), { code: "CONFIG_INVALID", message: /deploy\.warm/ });
});
