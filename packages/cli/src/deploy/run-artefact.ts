/**
 * Runs what a rehearsal was given, in the platform's own runtime: it knows no more than what was uploaded.
 * @module
 */
import { platforms } from "@godwit/adapters/registry";
import type { Artefact, Upload } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import type { RunArtefact } from "@godwit/deploy";
import { TARGETS } from "../project/config.ts";
import { keepSignals, openTemporary } from "../project/interrupt.ts";
import { loadTools } from "../project/tools.ts";

/** What `upload.ts` of a platform's folder exports. */
interface UploadModule {
  /** Writes what was uploaded below the folder, as an artefact that the platform's emulator takes. */
  toArtefact(upload: Upload, folder: string): Promise<Artefact>;
}

/** `root` is the app's folder, where the tools of emulators are looked for. */
export function createRun(root: string): RunArtefact {
  return async (upload) => {
    const target = TARGETS.find((name) => name === upload.target);
    if (!target) throw new GodwitError("REHEARSAL_TARGET_UNKNOWN", `There is no target ${upload.target} to run.`);
    const { toArtefact } = (await import(`@godwit/adapters/${target}/upload`)) as UploadModule; // by its name
    const { emulate, tools, fronts } = await platforms[target].emulate();
    const loaded = await loadTools(root, tools);
    const { folder, remove } = await openTemporary("rehearsal");
    try {
      const artefact = await toArtefact(upload, folder);
      const emulator = await keepSignals(() =>
        emulate(artefact, loaded, {
          functionEnv: Object.fromEntries(upload.units.map(({ name, env }) => [name, { ...env }])),
          ...(upload.objects !== undefined && { objects: upload.objects }),
          ...(fronts.includes(upload.variant) && { front: upload.variant }),
        }),
      );
      return {
        url: emulator.url,
        fetch: (request) => emulator.fetch(request),
        startup: async (unit) => (await emulator.measure(unit)).startupCpu,
        logs: emulator.logs,
        async close() {
          await emulator.close();
          remove();
        },
      };
    } catch (error) {
      remove();
      throw error;
    }
  };
}
