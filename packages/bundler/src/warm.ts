/**
 * The compiler ahead of the rest: its process starts while this package and its like are loaded.
 * @module
 */
import { transform } from "esbuild";

/** Starts esbuild's process, once. What is wrong with it is told by the first who asks it for something. */
export function startCompiler(): void {
  transform("").catch(() => {});
}
