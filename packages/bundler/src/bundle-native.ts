/**
 * A `.node` file that the app imports by its path: it is carried beside the bundle under its name from the root, and
 * loaded with `require`, since Node imports no addon as an ES module.
 * @module
 */
import type { Plugin } from "esbuild";
import type { Namer } from "./bundle-names.ts";

const ASKED = { godwit: "asked" };
const NAMESPACE = "godwit-native";

/** `files` is filled with specifier -> absolute path. */
export function carryNative(namer: Namer, files: Map<string, string>): Plugin {
  return {
    name: "godwit-native",
    setup(build) {
      build.onResolve({ filter: /\.node$/ }, async ({ path, kind, resolveDir, namespace, pluginData }) => {
        if (pluginData === ASKED) return undefined;
        if (namespace === NAMESPACE) return { path, external: true };
        const found = await build.resolve(path, { kind, resolveDir, pluginData: ASKED });
        // esbuild's own answer: an error, or a warning where the import stands in a try
        if (found.errors.length > 0 || found.external) return undefined;
        const name = namer.nameOf(found.path);
        files.set(`./${name}`, found.path);
        return { path: name, namespace: NAMESPACE };
      });
      build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(`./${path}`)});`,
        loader: "js",
      }));
    },
  };
}
