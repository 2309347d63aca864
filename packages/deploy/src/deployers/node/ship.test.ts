import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readScripts, toDataUrl, versionOf } from "./ship.ts";
import { quote } from "./ssh.ts";

test("what is shipped is JavaScript with Node's built-ins alone, and the same each time", () => {
  for (const folder of ["agent", "supervisor"] as const) {
    const scripts = readScripts(folder);
    assert.ok(Object.keys(scripts).length >= 5);
    assert.equal(versionOf(scripts), versionOf(readScripts(folder)));
    const names = Object.keys(scripts);
    for (const [name, text] of Object.entries(scripts)) {
      for (const [, specifier = ""] of text.matchAll(/^\s*(?:import|export)\b[^;]*? from "([^"]+)"/gm)) {
        assert.ok(specifier.startsWith("node:") || names.includes(specifier.slice(2)), `${name} imports ${specifier}`);
      }
    }
  }
});

test("every file of the supervisor is syntax that Node takes, and the agent is one URL", async () => {
  const folder = mkdtempSync(join(tmpdir(), "godwit-ship-"));
  try {
    for (const [name, text] of Object.entries(readScripts("supervisor"))) {
      writeFileSync(join(folder, name), text);
      execFileSync(process.execPath, ["--check", join(folder, name)]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const url = toDataUrl(readScripts("agent"));
  assert.ok(url.length < 400_000, `${url.length} bytes`);
  const { main } = await import(url);
  assert.equal(typeof main, "function");
});

test("a word stays one word in a shell, whatever is in it", () => {
  const words = ["plain", "a b", "it's", "$HOME", "`id`", '"', "a;b", "!x", "\\", "*", "", "a\nb", "--flag=x,y"];
  const printed = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${words.map(quote).join(" ")}`], { encoding: "utf8" });
  assert.deepEqual(printed.split("\0").slice(0, -1), words);
});
