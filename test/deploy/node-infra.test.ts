import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { findProgram } from "../programs.ts";
import { cleanUp, createBuilds, createPlace, createWork, get, ship, statusOf, until } from "./node.fixture.ts";

const folder = new URL("../../infra/node/", import.meta.url).pathname;
const work = createWork();
const build = createBuilds(work);
after(() => cleanUp(work));

test("the Compose file and the Helm chart are YAML without a doubtful line, directives blanked", () => {
  const yamllint = findProgram("yamllint", "yamllint");
  const files = globSync("**/*.yaml", { cwd: folder });
  assert.ok(files.length >= 7, files.join(", "));
  for (const file of files) {
    const text = readFileSync(join(folder, file), "utf8");
    const plain = text
      .replaceAll(/^ *\{\{-? (?:if|with|range|end|toYaml)\b.*\}\}\n/gm, "")
      .replaceAll(/"?\{\{.*?\}\}"?/g, "blank");
    assert.doesNotMatch(plain, /\{\{|\}\}/, file);
    const rules = "{extends: default, rules: {line-length: {max: 120}, indentation: {indent-sequences: true}}}";
    const { status, stdout, stderr } = spawnSync(yamllint, ["--strict", "-d", rules, "-"], {
      input: plain,
      encoding: "utf8",
    });
    assert.equal(status, 0, `${file}: ${stdout}${stderr}`);
  }
});

test("every value that a template of the chart reads is in values.yaml", () => {
  const values = readFileSync(join(folder, "chart/values.yaml"), "utf8");
  const known = new Set<string>();
  let parent = "";
  for (const line of values.split("\n")) {
    const [, indent, name] = /^( *)(\w+):/.exec(line) ?? [];
    if (name === undefined || indent === undefined) continue;
    if (indent === "") parent = name;
    known.add(indent === "" ? name : `${parent}.${name}`);
  }
  for (const file of globSync("chart/templates/*.yaml", { cwd: folder })) {
    for (const [, path = ""] of readFileSync(join(folder, file), "utf8").matchAll(/\.Values\.([\w.]+)/g)) {
      assert.ok(known.has(path), `${file}: ${path}`);
    }
  }
});

test("the systemd units are valid", () => {
  const analyze = findProgram("systemd-analyze", "systemd");
  const units = join(work, "units");
  mkdirSync(units);
  for (const kind of ["service", "socket"]) {
    // Checked as an instance; the user and Node of the test machine stand for those of a host.
    const text = readFileSync(join(folder, `godwit@.${kind}`), "utf8")
      .replace("User=deploy", "User=root")
      .replace("/usr/bin/node", process.execPath);
    writeFileSync(join(units, `godwit@srv-links-production.${kind}`), text);
  }
  const args = [
    "verify",
    "--man=no",
    ...["service", "socket"].map((kind) => join(units, `godwit@srv-links-production.${kind}`)),
  ];
  const { status, stdout, stderr } = spawnSync(analyze, args, { encoding: "utf8" });
  const own = (stdout + stderr).split("\n").filter((line) => line.includes("godwit"));
  assert.deepEqual(own, []);
  assert.equal(status, 0, stdout + stderr);
});

test("a supervisor takes its socket from systemd, and a deploy leaves it that", async () => {
  const activate = findProgram("systemd-socket-activate", "systemd");
  await using place = createPlace(work);
  await ship({ ...place, artefact: build("v1") });
  const before = await statusOf(place);
  assert.ok(before);
  process.kill(before.pid, "SIGTERM");
  await until(async () => (await statusOf(place)) === undefined);
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await new Promise((resolve) => probe.close(resolve));
  const stage = join(place.path, place.stage);
  const main = join(stage, "supervisor/current/main.mjs");
  const child = spawn(activate, ["-l", `127.0.0.1:${port}`, process.execPath, main, stage], { stdio: "ignore" });
  try {
    const url = new URL(`http://127.0.0.1:${port}`);
    // The first connection starts it, and is answered.
    await until(() =>
      get(url).then(
        ({ text }) => text.startsWith("v1"),
        () => false,
      ),
    );
    await ship({ ...place, artefact: build("v2") });
    assert.match((await get(url)).text, /^v2/);
    assert.deepEqual((await statusOf(place))?.ports, [port]);
  } finally {
    child.kill("SIGKILL");
  }
});
