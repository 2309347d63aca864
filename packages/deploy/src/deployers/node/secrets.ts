/**
 * Secrets of a stage: a file on the host that its owner alone may read. A release gets those that its app declares, as
 * environment variables, when it starts.
 * @module
 */
import type { SecretStore } from "../../contracts.ts";
import type { Stage } from "./stage.ts";

export function createSecrets(stage: Stage): SecretStore {
  return {
    list: async () => (await stage.look()).secrets.names,
    async set(name, value) {
      await stage.change({ op: "secret", name, value });
    },
    async remove(name) {
      await stage.change({ op: "secret", name });
    },
  };
}
