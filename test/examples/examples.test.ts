import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ConformRequestInput, conform, loadApp } from "godwit";
import { findProgram } from "../programs.ts";

const folder = new URL("../../examples/", import.meta.url).pathname;

test("links type-checks with the names of env, routes and stores that a build writes down", async () => {
  const root = join(folder, "links");
  await loadApp(root);
  const bin = join(folder, "../node_modules/typescript/bin/tsc");
  const run = (project: string) => spawnSync(process.execPath, [bin, "-p", project], { encoding: "utf8" });
  const whole = run(root);
  assert.equal(whole.status, 0, whole.stdout);
  // A name that the config does not have is an error of types.
  const own = join(root, ".godwit/wrong");
  mkdirSync(own, { recursive: true });
  const wrong = 'import type { Context } from "@godwit/core";\nexport const f = (c: Context) => c.store("other");\n';
  writeFileSync(join(own, "wrong.ts"), wrong);
  const config = { extends: "../../tsconfig.json", include: ["wrong.ts", "../types.d.ts"], exclude: [] };
  writeFileSync(join(own, "tsconfig.json"), JSON.stringify(config));
  const refused = run(own);
  rmSync(own, { recursive: true });
  assert.match(refused.stdout, /wrong\.ts\(2,\d+\): error TS2345: Argument of type '"other"'.*'"main"'/);
});

/** A store of Vercel's is upstash(), which conform runs on one here. */
findProgram("redis-server", "redis-server");

/** Every example is built for every target, emulated, and called with its own table. */
for (const name of readdirSync(folder)) {
  const root = join(folder, name);

  test(`${name} has a README, a test and a table of requests`, () => {
    for (const file of ["README.md", "app.test.ts", "requests.json"]) assert.ok(existsSync(join(root, file)), file);
  });

  test(`${name} answers its requests alike on every target`, async () => {
    const requests = JSON.parse(readFileSync(join(root, "requests.json"), "utf8")) as ConformRequestInput[];
    const runs = [
      { target: "node" } as const,
      { target: "lambda" } as const,
      { target: "cloudflare" } as const,
      { target: "vercel" } as const,
    ];
    const faults: string[] = [];
    let outcomes = 0;
    for await (const { run, request, faults: found } of conform({ root, requests, runs })) {
      outcomes++;
      for (const fault of found) faults.push(`${run} ${request}: ${fault}`);
    }
    assert.equal(faults.join("\n"), "");
    assert.equal(outcomes, requests.length * runs.length);
  });
}
