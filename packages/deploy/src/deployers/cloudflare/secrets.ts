/**
 * Secrets live in the Worker in front. A changed one makes a version without traffic, from which the next release takes
 * it: `PUT .../secrets` would put it before all visitors at once.
 * @module
 */
import type { SecretStore } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { ownedBy, SECRET_TAG } from "./names.ts";
import { secretNames } from "./release.ts";
import type { Stage } from "./stage.ts";
import { listScripts, SCRIPTS } from "./state.ts";
import { createFront } from "./worker.ts";

export function createSecrets(stage: Stage): SecretStore {
  const { client, account, script } = stage;

  async function patch(env: Record<string, { type: string; text: string } | null>): Promise<void> {
    await client.call<unknown>({
      name: "change a secret",
      method: "PATCH",
      path: `/accounts/${account}/workers/workers/${script}/versions/latest`,
      json: { env, annotations: { "workers/tag": SECRET_TAG, "workers/message": "godwit: a secret was changed" } },
      type: "application/merge-patch+json",
      scope: SCRIPTS,
    });
  }

  async function isThere(): Promise<boolean> {
    const found = (await listScripts(stage)).find(({ id }) => id === script);
    if (!found || ownedBy(found.tags, stage, "front")) return found !== undefined;
    throw nameTaken(
      `The account has a Worker ${script} that is not of ${stage.app}, stage ${stage.stage}.`,
      "Deploy the app first, under a name of its own or with deploy.cloudflare.adopt.",
    );
  }

  return {
    list: () => secretNames(stage),
    async set(name, value) {
      if (!(await isThere())) await createFront(stage);
      await patch({ [name]: { type: "secret_text", text: value } });
    },
    async remove(name) {
      if ((await secretNames(stage)).includes(name)) await patch({ [name]: null });
    },
  };
}
