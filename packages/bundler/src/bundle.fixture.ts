/**
 * Apps in temporary folders, and a target that a test can read at a glance.
 * @module
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Capabilities, EsbuildSettings, FunctionPlan, Limits, Target } from "./contracts.ts";

/** Writes the files into a new folder that goes when the test ends, and returns its real path. */
export function createFolder(t: TestContext, files: Record<string, string | Uint8Array>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "godwit-")));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFiles(root, files);
  return root;
}

export function writeFiles(root: string, files: Record<string, string | Uint8Array>): void {
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), contents);
  }
}

/** Links an installed package of this workspace into an app, as a package manager would. */
export function linkPackage(root: string, name: string, from: string): void {
  const place = join(root, "node_modules", name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(realpathSync(fileURLToPath(new URL(`../../../${from}`, import.meta.url))), place);
}

/** A function without routes, on the variant of `createTarget`. */
export function createPlan(id: string): FunctionPlan {
  return {
    id,
    role: "handler",
    variant: "plain",
    routes: [],
    settings: {},
    usesWaitUntil: false,
    reason: "",
    lazy: false,
  };
}

export interface FakeOptions {
  esbuild?: Partial<EsbuildSettings>;
  capabilities?: Partial<Capabilities>;
  limits?: Limits;
  zip?: boolean;
}

/** Functions in `functions/<id>/`, whose entry exports the app. */
export function createTarget({ esbuild, capabilities, limits = {}, zip = false }: FakeOptions = {}): Target {
  return {
    name: "fake",
    deployer: "nobody",
    variants: {
      plain: {
        checked: "2026-11-21",
        runtime: "node",
        streaming: true,
        waitUntil: "after",
        clientAbort: true,
        webSockets: false,
        assets: "platform",
        schedule: false,
        nodeBuiltins: "all",
        nativeModules: true,
        front: "segments",
        limits,
        ...capabilities,
      },
    },
    config: { "~standard": { version: 1, vendor: "godwit", validate: (value) => ({ value }) } },
    choose: () => ({ variant: "plain", reason: "there is one" }),
    esbuild: () => ({
      platform: "node",
      target: "node22",
      conditions: ["node"],
      mainFields: ["module", "main"],
      format: "esm",
      requireBanner: true,
      ...esbuild,
    }),
    entry: () => 'export { default, env } from "godwit:app";',
    async emit(builder) {
      for (const { path, source } of builder.assets) builder.copy(source, `public${path}`);
      return {
        front: { kind: "fake", routes: [] },
        functions: builder.functions.map(({ plan, files }) => {
          const folder = `functions/${plan.id}`;
          for (const file of files) builder.write(`${folder}/${file.path}`, file.contents);
          const packed = `${folder}.zip`;
          if (zip) builder.write(packed, builder.zip(files));
          return {
            id: plan.id,
            entry: `${folder}/${files[0]?.path}`,
            files: files.map((file) => `${folder}/${file.path}`),
            ...(zip ? { zip: packed } : {}),
          };
        }),
      };
    },
  };
}
