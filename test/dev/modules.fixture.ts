/**
 * A small stand-in for the dev server's graph: modules are single files that a test writes, in both formats.
 * @module
 */
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { json as readJson } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import type { DevAnswer, DevAsk, DevFailure, DevModule } from "@godwit/bundler";
import { transformSync } from "esbuild";

export interface Modules {
  url: string;
  env: Record<string, string>;
  /** What the runtime said that it could not load. */
  failed: DevFailure[];
  /** How often `app` was asked for. */
  asked: number;
  /** Gives an id new code: an ES module. */
  write(id: string, code: string, externals?: string[]): void;
  close(): void;
}

/** `heedless`: answers no guess, as a server may. */
export async function openModules(folder: string, heedless = false): Promise<Modules> {
  const sources = new Map<string, { code: string; version: number; externals: string[] }>();
  mkdirSync(folder, { recursive: true });
  const resolve = ({ format, id }: DevAsk): Omit<DevAnswer, "env" | "guessed"> | undefined => {
    const source = sources.get(id);
    if (!source) return undefined;
    const { version, code, externals } = source;
    const key = `${id || "rest"}.ts@${version}`;
    if (format === "evaluate") return { version: key, module: key, closure: [key], externals };
    const file = join(folder, `${id || "rest"}-${version}.mjs`);
    writeFileSync(file, code);
    return { version: key, module: pathToFileURL(file).href };
  };
  const server = createServer({ keepAliveTimeout: 0 }, async (incoming, answer) => {
    const send = (status: number, body: unknown) => answer.writeHead(status).end(JSON.stringify(body));
    const asked: unknown = await readJson(incoming);
    if (incoming.url === "/word/modules") {
      const texts = (asked as string[]).map((key): DevModule => {
        const code = sources.get(key.slice(0, key.indexOf(".ts@")))?.code ?? "";
        return { key, code: transformSync(code, { format: "cjs" }).code };
      });
      return send(200, texts);
    }
    if (incoming.url === "/word/failed") {
      modules.failed.push(asked as DevFailure);
      return send(200, {});
    }
    modules.asked++;
    const ask = asked as DevAsk;
    const found = resolve(ask);
    if (!found) return send(500, { code: "DEV_BUILD_FAILED", message: `${ask.id} cannot be built` });
    const guessed = heedless || ask.guess === undefined ? undefined : resolve({ format: ask.format, id: ask.guess });
    send(200, { ...found, env: modules.env, guessed });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const modules: Modules = {
    url: `http://127.0.0.1:${address && typeof address === "object" ? address.port : 0}/word`,
    env: {},
    failed: [],
    asked: 0,
    write(id, code, externals = []) {
      sources.set(id, { code, version: (sources.get(id)?.version ?? 0) + 1, externals });
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
  return modules;
}
