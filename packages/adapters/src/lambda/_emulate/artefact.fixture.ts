/**
 * Hand-written artefacts in temporary folders, and a raw socket to talk to them through.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Artefact, EmulateOptions, Emulator } from "@godwit/bundler/contracts";
import type { FrontRoute, FunctionSettings, ManifestTrigger, Resource } from "@godwit/core/manifest";
import { emulate } from "../emulate.ts";

export interface FixtureOptions extends EmulateOptions {
  /** Default: everything to the first function. */
  routes?: FrontRoute[];
  settings?: FunctionSettings;
  triggers?: ManifestTrigger[];
  resources?: Resource[];
  /** What the artefact was built for. Default `http-api`. */
  kind?: string;
}

let folder: string | undefined;
/** One folder a test process, gone with it. */
function openFolder(): string {
  if (folder !== undefined) return folder;
  const opened = mkdtempSync(join(tmpdir(), "godwit-artefact-"));
  process.once("exit", () => rmSync(opened, { recursive: true, force: true }));
  folder = opened;
  return opened;
}

/** `sources`: the text of `index.mjs` by function id. */
export async function writeArtefact(sources: Record<string, string>, options: FixtureOptions = {}): Promise<Artefact> {
  const root = await mkdtemp(join(openFolder(), "an app-"));
  const ids = Object.keys(sources);
  for (const [id, source] of Object.entries(sources)) {
    await mkdir(join(root, id));
    await writeFile(join(root, id, "index.mjs"), source);
  }
  const functions = ids.map((id) => ({
    id,
    role: "handler" as const,
    variant: "node",
    reason: "",
    entry: `${id}/index.mjs`,
    files: [],
    bytes: 0,
    gzipBytes: 0,
    routes: [{ pattern: `/${id}`, file: `routes/${id}.ts`, methods: ["GET"] }],
    // Machines that test are slower than Lambda.
    settings: { timeout: 20_000, ...options.settings },
    hash: "",
  }));
  const {
    triggers = [],
    resources = [],
    kind = "http-api",
    routes = [{ match: "$default", function: ids[0] ?? "" }],
  } = options;
  const manifest = {
    version: 1 as const,
    app: "test",
    target: "lambda",
    deployer: "aws",
    functions,
    front: { kind, routes },
    assets: [],
    resources,
    triggers,
    env: { vars: [], secrets: [] },
    verify: [],
    hash: "",
  };
  return { root, manifest };
}

/** Starts an emulator that ends with the test. */
export async function start(
  t: TestContext,
  source: string | Record<string, string>,
  options: FixtureOptions = {},
): Promise<Emulator> {
  const artefact = await writeArtefact(typeof source === "string" ? { main: source } : source, options);
  const emulator = await emulate(artefact, {}, options);
  t.after(() => emulator.close());
  return emulator;
}

/** Sends bytes as they are and reads until the server closes. */
export function sendRaw(url: URL, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(url.port), url.hostname, () => socket.write(request, "latin1"));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", reject);
    socket.on("end", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

/** Answers with what the request's body says, whatever the format. */
export const REPLAY = `export const handler = async (event) =>
  JSON.parse(Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8").toString());`;

/** POSTs a function's result to REPLAY. */
export function replay(emulator: Emulator, result: unknown, path = "/"): Promise<Response> {
  const url = new URL(path, emulator.url);
  return emulator.fetch(new Request(url, { method: "POST", body: JSON.stringify(result) }));
}

export async function get(emulator: Emulator, path = "/"): Promise<Response> {
  return emulator.fetch(new Request(new URL(path, emulator.url)));
}
