/**
 * Apps in a temporary folder, for tests.
 * @module
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { GodwitError } from "@godwit/core/errors";
import { analyseApp } from "./analyse.ts";
import type { Capabilities, Limits, Target } from "./contracts.ts";
import { scanApp } from "./scan.ts";
import type { AnalysedApp } from "./steps.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Writes an app and gives its folder. Files in the order of the list, so that a test may permute it. */
export function writeApp(files: Record<string, string> | readonly (readonly [path: string, text: string])[]): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "godwit-app-")));
  folders.push(root);
  const list = Array.isArray(files) ? files : Object.entries(files);
  for (const [path, text] of list) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

export const GET = 'export const GET = () => new Response("ok");\n';

/** An app whose routes all answer GET. */
export function writeRoutes(...files: string[]): string {
  return writeApp(files.map((file) => [`routes/${file}`, GET] as const));
}

export async function analyse(files: Record<string, string>): Promise<AnalysedApp> {
  return analyseApp(await scanApp(writeApp(files)), { external: [] });
}

/** For `assert.rejects` and `assert.throws`: the code and the whole message, with the app's folder written as ROOT. */
export function failsWith(code: string, message: string) {
  return (error: unknown): true => {
    const found = error instanceof GodwitError ? error : undefined;
    const text = found?.message.replaceAll(/\S*godwit-app-\w+/g, "ROOT");
    if (found?.code === code && text === message) return true;
    throw new Error(`expected ${code}: ${message}\n but got ${found?.code}: ${text ?? String(error)}`);
  };
}

export interface FakePlatform {
  name?: string;
  front: Capabilities["front"];
  limits?: Limits;
  /** Built-ins of its one variant. Default: all. */
  builtins?: readonly string[];
  /** With two variants, a route is on `edge` where it can be. */
  edge?: boolean;
}

/** A target in the words of the contract, without a runtime: grouping asks for no more. */
export function fakeTarget({ name = "cloud", front, limits = {}, builtins, edge }: FakePlatform): Target {
  const node: Capabilities = {
    checked: "2026-11-21",
    runtime: front === "self" ? "workerd" : "node",
    streaming: true,
    waitUntil: "after",
    clientAbort: true,
    webSockets: false,
    assets: "platform",
    schedule: false,
    nodeBuiltins: builtins ?? "all",
    nativeModules: builtins === undefined,
    front,
    limits,
  };
  const variants: Record<string, Capabilities> = edge
    ? { edge: { ...node, runtime: "edge", nodeBuiltins: [], nativeModules: false }, node }
    : { node };
  return {
    name,
    deployer: name,
    variants,
    config: {
      "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
    },
    choose: ({ route, lacks }) => {
      if (!edge || route.config.runtime === "node") return { variant: "node", reason: "asked for" };
      const gap = lacks("edge");
      return gap ? { variant: "node", reason: gap } : { variant: "edge", reason: "nothing in it needs Node" };
    },
    esbuild: () => ({ platform: "neutral", target: "es2023", conditions: [], mainFields: ["main"], format: "esm" }),
    entry: () => "",
    emit: async () => ({ front: { kind: name, routes: [] }, functions: [] }),
  };
}
