/**
 * Built-ins of Node and native files, as the import graph sees them.
 * @module
 */
import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";
import type { EsbuildSettings } from "./contracts.ts";

const ASKED = { godwit: "asked" };

/** A built-in stays an import, and is dropped where nothing of it is used. Off Node, a package of its name wins. */
export function resolveForGraph(platform: EsbuildSettings["platform"]): Plugin {
  const names = builtinModules.filter((name) => /^[a-z]/.test(name) && !name.startsWith("node:")).join("|");
  return {
    name: "godwit-graph",
    setup(build) {
      build.onResolve(
        { filter: new RegExp(`^(?:node:.*|${names})$`) },
        async ({ path, kind, resolveDir, pluginData }) => {
          if (pluginData === ASKED) return undefined;
          const builtin = {
            path: path.startsWith("node:") ? path : `node:${path}`,
            external: true,
            sideEffects: false,
          };
          if (platform === "node" || path.startsWith("node:")) return builtin;
          const found = await build.resolve(path, { kind, resolveDir, pluginData: ASKED });
          return found.errors.length === 0 && !found.external
            ? { path: found.path, sideEffects: found.sideEffects }
            : builtin;
        },
      );
      // One that is built at install time may not be there for this machine, nor napi-rs's WebAssembly in its place.
      build.onResolve({ filter: /\.node$|-wasm32-wasi$/ }, async ({ path, kind, resolveDir, pluginData }) => {
        if (pluginData === ASKED) return undefined;
        const found = await build.resolve(path, { kind, resolveDir, pluginData: ASKED });
        return found.errors.length === 0 ? { path: found.path } : { path, external: true };
      });
    },
  };
}
