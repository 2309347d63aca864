/**
 * The app that dev servers serve: N routes with a schema of zod each, as files of Godwit, or of hono with an index.
 * @module
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const modules = fileURLToPath(new URL("../node_modules", import.meta.url));

/** What a route answers before it is edited. */
export const FIRST = "first";

export interface DevApp {
  root: string;
  /** Saves the first route, which answers `text` from then on. */
  edit(text: string): void;
}

export function writeGodwit(root: string, routes: number): DevApp {
  mkdirSync(join(root, "routes"), { recursive: true });
  mkdirSync(join(root, "node_modules"));
  // zod is the adapters' own; where it is linked from does not matter
  symlinkSync(join(repository, "packages/adapters/node_modules/zod"), join(root, "node_modules/zod"));
  const { version } = JSON.parse(readFileSync(join(repository, "packages/core/package.json"), "utf8"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "reload", version, type: "module" }));
  return writeRoutes(root, join(root, "routes"), routes);
}

/** `src/index.ts` is the app, `src/server.ts` serves it at `PORT`. */
export function writeHono(root: string, routes: number): DevApp {
  const src = join(root, "src");
  mkdirSync(join(src, "routes"), { recursive: true });
  symlinkSync(modules, join(root, "node_modules"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "reload", private: true, type: "module" }));
  const numbers = Array.from({ length: routes }, (_, at) => at);
  writeFileSync(
    join(src, "index.ts"),
    [
      'import { type Context, Hono } from "hono";',
      ...numbers.map((at) => `import * as r${at} from "./routes/r${at}.ts";`),
      "const app = new Hono();",
      ...numbers.map(
        (at) => `app.get("/r${at}", () => r${at}.GET()).post("/r${at}", (c: Context) => r${at}.POST(c.req.raw));`,
      ),
      "export default app;\n",
    ].join("\n"),
  );
  writeFileSync(
    join(src, "server.ts"),
    `import { serve } from "@hono/node-server";
import app from "./index.ts";
serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: "127.0.0.1" });
`,
  );
  writeFileSync(
    join(root, "vite.config.mjs"),
    `import devServer from "@hono/vite-dev-server";
export default { cacheDir: ".vite", plugins: [devServer({ entry: "src/index.ts" })] };
`,
  );
  const settings = { name: "reload", main: "src/index.ts", compatibility_date: "2026-11-01", send_metrics: false };
  writeFileSync(join(root, "wrangler.json"), JSON.stringify(settings));
  return writeRoutes(root, join(src, "routes"), routes);
}

function writeRoutes(root: string, folder: string, routes: number): DevApp {
  const write = (at: number, text: string): void => writeFileSync(join(folder, `r${at}.ts`), toRoute(at, text));
  for (let at = 0; at < routes; at++) write(at, FIRST);
  return { root, edit: (text) => write(0, text) };
}

const toRoute = (at: number, text: string): string => `import * as z from "zod";
const schema = z.object({ id: z.string(), n: z.number().min(${at}) });
export const POST = async (request: Request) => Response.json(schema.parse(await request.json()));
export const GET = () => new Response(${JSON.stringify(text)});
`;
