/**
 * Secrets are SecureStrings in SSM, copied into the functions' environment when they are deployed: a new value waits
 * for the next deploy, and an older release keeps its own.
 * @module
 */
import type { SecretStore } from "../../contracts.ts";
import { hashOf } from "../../engine/names.ts";
import type { Parameters } from "./parameters.ts";
import type { Stage } from "./stage.ts";

export interface Secrets extends SecretStore {
  /** Values of the stage, and those at hand for names that it does not have yet. Kept in memory alone. */
  values(): Promise<Record<string, string>>;
  /** Changes whenever a value is set, and tells none of them. Of what `values` last read. */
  state(): string;
}

export function createSecrets({ input }: Stage, parameters: Parameters): Secrets {
  let versions: Record<string, number> = {};
  return {
    async list() {
      return (await parameters.list("secrets")).map(({ name }) => name).sort();
    },
    async set(name, value) {
      await parameters.put(`secrets/${name}`, value, { secret: true });
    },
    remove: (name) => parameters.remove([`secrets/${name}`]),
    async values() {
      const declared = input.artefact?.manifest.env.secrets ?? [];
      if (declared.length === 0) return {};
      const stored = await parameters.list("secrets", true);
      const all: Record<string, string> = {};
      versions = {};
      for (const name of declared) {
        const found = stored.find((one) => one.name === name);
        const value = found?.value ?? input.secrets[name];
        if (value === undefined) continue;
        all[name] = value;
        versions[name] = found?.version ?? 1; // as it will be once it is set
      }
      return all;
    },
    state: () => hashOf(versions),
  };
}
