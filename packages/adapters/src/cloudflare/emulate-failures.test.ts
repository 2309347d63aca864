import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, test } from "node:test";
import type { Tools } from "@godwit/bundler/contracts";
import { buildArtefact, type FixtureFunction, helloRoute } from "./artefact.fixture.ts";
import { emulate } from "./emulate.ts";

const tools: Tools = { miniflare: { path: "", load: () => import("miniflare") } };

describe("what stops an emulation", () => {
  const starting = async (functions: FixtureFunction[], config: object, expected: object, options = {}) => {
    const artefact = await buildArtefact(functions, { config });
    try {
      await assert.rejects(emulate(artefact, tools, options), expected);
    } finally {
      await artefact.remove();
    }
  };
  const hello: FixtureFunction = { id: "app", routes: { "/": helloRoute } };

  test("a compatibility date that workerd does not know yet", () =>
    starting([hello], { compatibilityDate: "2099-01-01" }, { code: "CLOUDFLARE_DATE_UNKNOWN", message: /2099-01-01/ }));

  test("a module that throws when it starts, with its place in the source", () =>
    starting(
      [{ ...hello, prelude: '\nthrow new RangeError("at the top");' }],
      {},
      { code: "EMULATOR_START_FAILED", message: /at the top[\s\S]*app:2:7/ },
    ));

  test("a port in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = address && typeof address === "object" ? address.port : 0;
    try {
      await starting([hello], {}, { code: "PORT_IN_USE", message: new RegExp(`${port}.*in use`) }, { port });
    } finally {
      server.close();
    }
  });

  test("an artefact without its files", async () => {
    const artefact = await buildArtefact([hello]);
    await artefact.remove();
    await assert.rejects(emulate(artefact, tools), { code: "EMULATOR_ARTEFACT_INVALID", message: /Build again/ });
  });

  test("a missing tool", async () => {
    const artefact = await buildArtefact([hello]);
    await assert.rejects(emulate(artefact, {}), { code: "EMULATOR_TOOL_MISSING" });
    await artefact.remove();
  });
});
