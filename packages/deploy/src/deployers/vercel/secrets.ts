/**
 * Secrets are variables of the project, encrypted there. A deployment has the values of the moment it was made, so that
 * a new value waits for the next deploy, and an older release keeps its own.
 * @module
 */
import { randomBytes } from "node:crypto";
import type { AnyKind, SecretStore } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { hashOf } from "../../engine/names.ts";
import type { EnvEntry, Project } from "./project.ts";

/** Made here, where the artefact asks for it: nobody declares it. */
const GENERATED = "CRON_SECRET";

const isSecret = ({ type, target }: EnvEntry) =>
  (type === "encrypted" || type === "sensitive") && target.includes("production");

export interface Secrets extends SecretStore {
  kind: AnyKind;
  /** Changes whenever a value is set or removed, and tells none of them. Empty without any. */
  state(): Promise<string>;
}

export function createSecrets(project: Project): Secrets {
  const find = async () => (await project.env()).filter(isSecret);
  const set = (key: string, value: string) =>
    project.setEnv({ key, value, type: "encrypted", target: ["production", "preview"] });
  return {
    list: async () =>
      (await find())
        .map(({ key }) => key)
        .filter((key) => key !== GENERATED)
        .sort(),
    set,
    async state() {
      const found = (await find()).filter(({ key }) => key !== GENERATED);
      if (found.length === 0) return "";
      return hashOf(found.map(({ key, updatedAt = 0 }) => [key, updatedAt]).sort()).slice(0, 12);
    },
    async remove(name) {
      for (const { id } of (await find()).filter(({ key }) => key === name)) await project.removeEnv(id);
    },
    /** What the platform's layout asks for and nobody needs to know, such as the word that a cron's call brings. */
    kind: defineKind<null, EnvEntry>({
      name: "generated secret",
      phase: "prepare",
      async list() {
        const generated = (await find()).filter(({ key }) => key === GENERATED);
        return new Map(generated.map((entry) => [entry.key, entry]));
      },
      diff: () => [],
      async create({ name }) {
        await set(name, randomBytes(32).toString("hex"));
        return { id: "", key: name, type: "encrypted", target: ["production"] };
      },
      update: async (_spec, live) => live,
    }),
  };
}
