import assert from "node:assert/strict";
import { test } from "node:test";
import { buildArtefact } from "./artefact.fixture.ts";
import { emulate } from "./emulate.ts";
import { NODE_BUILTINS } from "./limits.ts";

test("every built-in of the list can be imported in workerd, with and without its prefix", async () => {
  const imports = NODE_BUILTINS.flatMap((name) => [`node:${name}`, name]).map(
    (name) => `[${JSON.stringify(name)}, () => import(${JSON.stringify(name)})]`,
  );
  const route = `const all = [${imports.join(", ")}];
    export const GET = async () => { const missing = [];
      for (const [name, load] of all) await load().catch(() => missing.push(name));
      return Response.json(missing); };`;
  const artefact = await buildArtefact([{ id: "app", routes: { "/": route } }]);
  const emulator = await emulate(artefact, { miniflare: { path: "", load: () => import("miniflare") } });
  try {
    const response = await emulator.fetch(new Request("http://app.test/"));
    assert.deepEqual(await response.json(), []);
  } finally {
    await emulator.close();
    await artefact.remove();
  }
});
