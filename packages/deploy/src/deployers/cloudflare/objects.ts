/**
 * Classes of Durable Objects. Cloudflare does not version them: a class is made or removed for the whole Worker at once,
 * by an upload that is live at once, and no version from before it can be gone back to.
 * developers.cloudflare.com/workers/versions-and-deployments/gradual-deployments/with-durable-objects
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { AnyKind, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { listClasses, type ObjectClass, wantedClasses } from "./classes.ts";
import { migrate } from "./migration.ts";
import type { Stage } from "./stage.ts";
import { listDeployments, liveOf, readVersion } from "./state.ts";

/** In a canary a part of the objects run the new release, for requests of the old one too: it must have their classes. */
export async function proveShared(stage: Stage): Promise<void> {
  const live = liveOf(await listDeployments(stage));
  if (live === undefined) return;
  const wanted = wantedClasses(stage);
  const { resources } = await readVersion(stage, live);
  const gone = (resources.bindings ?? []).flatMap(({ class_name: name, script_name: script = stage.script }) =>
    typeof name === "string" && script === stage.script && !wanted.has(name) ? [name] : [],
  );
  if (gone.length === 0) return;
  throw new GodwitError(
    "CLOUDFLARE_CANARY_CLASS",
    `The live release uses Durable Objects of ${gone.join(", ")}, which the new one has not: in a canary a share of those objects would run it, and answer nobody. Deploy without --canary, or keep the class for one more release.`,
  );
}

/** One after the other: each upload takes the tag of the one before. */
export function objectSpecs(stage: Stage): Spec<ObjectClass>[] {
  const ids = [`worker/${stage.script}`];
  return [...wantedClasses(stage)].map(([name, value]) => {
    const after = [...ids];
    ids.push(`durable-object/${name}`);
    return { kind: "durable-object", name, after, value };
  });
}

export function objectKind(stage: Stage): AnyKind {
  return defineKind<ObjectClass, ObjectClass>({
    name: "durable-object",
    phase: "prepare",
    list: () => listClasses(stage),
    diff: ({ storage }, live) =>
      storage === live.storage ? [] : [{ path: "storage", from: live.storage, to: storage }],

    async create({ name, value }) {
      // The first makes all that are missing, in one upload.
      const live = await listClasses(stage);
      const missing = [...wantedClasses(stage)].filter(([one]) => !live.has(one));
      if (!live.has(name))
        await migrate(stage, { add: missing, isDone: async () => (await listClasses(stage)).has(name) });
      return value;
    },

    async update({ name }, live) {
      throw new GodwitError(
        "CLOUDFLARE_CLASS_STORAGE",
        `The objects of ${name} keep their state in ${live.storage}, and Cloudflare cannot change that. Set storage: "${live.storage}" again, or give a class of another name a binding.`,
      );
    },

    async remove(name) {
      // All of a Worker's objects go with it.
      if (stage.workers.length === 0) return;
      await migrate(stage, { remove: name, isDone: async () => !(await listClasses(stage)).has(name) });
    },

    irreversible(spec, live) {
      if (!spec) return "all that its objects keep is lost, and releases of before cannot be gone back to";
      return live
        ? undefined
        : "Cloudflare makes the class with an upload that is live at once, so the code of now is uploaded again with it; releases from before that cannot be gone back to";
    },
  });
}
