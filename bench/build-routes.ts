/**
 * Builds N routes that share a library of 50 files and zod, for Lambda, beside esbuild's own splitting pass over the
 * same routes: `node bench/build-routes.ts 1000`, with `esbuild` or `godwit` behind it for one of the two, and then a
 * folder to leave all files in. Prints wall and CPU time of both and their ratios; CPU and the peaks of memory are those
 * of this process and, on Linux, of esbuild's.
 * @module
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const packages = fileURLToPath(new URL("../packages", import.meta.url));
const load = (path: string) => import(pathToFileURL(join(packages, path)).href);
const require = createRequire(join(packages, "bundler/package.json"));

const count = Number(process.argv[2] ?? 1000);
const only = process.argv[3];
const parent = process.argv[4];
const root = realpathSync(mkdtempSync(join(parent ?? tmpdir(), "godwit-bench-")));
const steps: string[] = [];
try {
  writeApp();
  const splitting = only === "godwit" ? undefined : await measure(buildPlain);
  const ours = only === "esbuild" ? undefined : await measure(await prepareGodwit());
  const [mine, theirs] = [Math.round(process.resourceUsage().maxRSS / 1024), Math.round(esbuildPeak() / 1024)];
  const ratio = ours &&
    splitting && { wall: (ours.wall / splitting.wall).toFixed(2), cpu: (ours.cpu / splitting.cpu).toFixed(2) };
  const megabytes = { node: mine, esbuild: theirs, all: mine + theirs };
  console.log(JSON.stringify({ routes: count, splitting, ours, ratio, megabytes, steps }, null, 2));
} finally {
  // for minutes after thousands of files were removed ext4 makes new ones many times slower: a table removes them last
  if (parent === undefined) rmSync(root, { recursive: true, force: true });
}

async function buildPlain(): Promise<void> {
  await require("esbuild").build({
    entryPoints: Array.from({ length: count }, (_, at) => join(root, `routes/r${at}.ts`)),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    mainFields: ["module", "main"],
    minify: true,
    outdir: join(root, "plain"),
  });
}

async function prepareGodwit(): Promise<() => Promise<void>> {
  const { build } = await load("bundler/src/index.ts");
  const { target } = await load("adapters/src/lambda/target.ts");
  const { value } = await target.config["~standard"].validate({ frontRoutes: Math.max(300, count + 100) });
  return async () => {
    const begin = performance.now();
    const { plans } = await build({
      root,
      app: "bench",
      target,
      targetConfig: value,
      adaptersFrom: pathToFileURL(join(packages, "cli/package.json")).href,
      onStep: (step: string) => steps.push(`${step} at ${Math.round(performance.now() - begin)}`),
    });
    if (plans.length !== count + 1) throw new Error(`${plans.length} functions of ${count} routes`);
  };
}

async function measure(work: () => Promise<void>): Promise<{ wall: number; cpu: number; esbuildCpu: number }> {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  const before = esbuildCpu();
  await work();
  const used = process.cpuUsage(cpu);
  const esbuild = esbuildCpu() - before;
  const all = Math.round((used.user + used.system) / 1000) + esbuild;
  return { wall: Math.round(performance.now() - begin), cpu: all, esbuildCpu: esbuild };
}

/** Files of Linux about the processes that this one has started: esbuild's alone. */
function readChildren(file: string): string[] {
  const list = `/proc/self/task/${process.pid}/children`;
  const pids = existsSync(list) ? readFileSync(list, "utf8").split(" ").filter(Boolean) : [];
  return pids.map((pid) => readFileSync(`/proc/${pid}/${file}`, "utf8"));
}

/** Milliseconds, in ticks of ten. */
function esbuildCpu(): number {
  const fields = readChildren("stat").map((text) => text.slice(text.lastIndexOf(")") + 2).split(" "));
  return fields.reduce((sum, field) => sum + 10 * (Number(field[11]) + Number(field[12])), 0);
}

/** Kilobytes. */
function esbuildPeak(): number {
  return readChildren("status").reduce((sum, text) => sum + Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0), 0);
}

function writeApp(): void {
  for (const folder of ["routes", "lib", "node_modules"]) mkdirSync(join(root, folder));
  symlinkSync(realpathSync(join(packages, "adapters/node_modules/zod")), join(root, "node_modules/zod"));
  const files = Array.from({ length: 50 }, (_, at) => at);
  for (const at of files) {
    const table = JSON.stringify(Array.from({ length: 60 }, (_, row) => `item ${at} ${row}`));
    writeFileSync(
      join(root, `lib/f${at}.ts`),
      `export const table${at} = ${table};\nexport function f${at}(x: number): number {\n  return table${at}.length * x + ${at};\n}\n`,
    );
  }
  const imports = files.map((at) => `import { f${at} } from "./f${at}.ts";`).join("\n");
  const sum = files.map((at) => `f${at}(x)`).join(" + ");
  writeFileSync(join(root, "lib/index.ts"), `${imports}\nexport const all = (x: number): number => ${sum};\n`);
  for (let at = 0; at < count; at++) {
    writeFileSync(
      join(root, `routes/r${at}.ts`),
      `import * as z from "zod";
import { all } from "../lib/index.ts";
const schema = z.object({ id: z.string(), n: z.number().min(${at}) });
export async function POST(request: Request): Promise<Response> {
  const value = schema.parse(await request.json());
  return Response.json({ value, all: all(value.n) });
}
`,
    );
  }
}
