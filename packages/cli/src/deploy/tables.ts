/**
 * Where a rehearsal keeps the items of its tables: a platform's own local half brings it.
 * @module
 */
import { platforms } from "@godwit/adapters/registry";
import type { TableServer } from "@godwit/bundler/contracts";
import { TARGETS } from "../project/config.ts";
import { keepSignals } from "../project/interrupt.ts";
import { loadTools } from "../project/tools.ts";

/** Throws TOOL_MISSING. */
export async function openTables(root: string): Promise<TableServer> {
  for (const name of TARGETS) {
    const { tables } = await platforms[name].emulate();
    if (!tables) continue;
    const tools = await loadTools(root, tables.tools);
    return keepSignals(() => tables.start(tools));
  }
  throw new TypeError("No platform brings tables.");
}
