/**
 * What `npm test` runs: format and lint, types, then every test file. `npm test -- lint types` runs those steps alone,
 * `npm test -- test/conformance` the test files below that path.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";

const root = new URL("..", import.meta.url).pathname;
const PACKAGES = ["core", "bundler", "adapters", "deploy", "cli"];
const TESTS = ["packages/*/src/**/*.test.ts", "examples/*/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts"];

const steps: Record<string, () => void> = {
  lint: () => run("biome", "ci", "--colors=off", "."),
  types: () => {
    for (const name of PACKAGES) run("tsc", "-p", `packages/${name}`, "--noEmit");
    run("tsc", "-p", ".");
  },
};

const wanted = process.argv.slice(2);
const paths = wanted.filter((name) => !(name in steps));
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length === 0 || wanted.includes(name)) step();
}
if (wanted.length === 0 || paths.length > 0) test();

function test(): void {
  const exclude = (path: string) => path.includes("node_modules") || path.includes("/dist/");
  const files = globSync(TESTS, { cwd: root, exclude }).sort();
  const chosen = paths.length ? files.filter((file) => paths.some((path) => file.startsWith(path))) : files;
  if (chosen.length === 0) fail(`No test file lies below ${paths.join(", ")}.`);
  // A test that hangs is a failure with a name, not a run that never ends.
  const patience = "--test-timeout=300000";
  run("node", "--test", patience, `--test-concurrency=${Math.max(2, availableParallelism())}`, ...chosen);
}

function run(command: string, ...args: string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error) fail(`${command} did not start: ${error.message}. Run through npm, which puts it on the PATH.`);
  if (status !== 0) process.exit(status ?? 1);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
