import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeployInput } from "../../contracts.ts";
import { systemClock } from "../../engine/clock.ts";
import type { Api, Call } from "./client.ts";
import type { Project } from "./project.ts";
import { createReleases } from "./releases.ts";
import type { Secrets } from "./secrets.ts";

/** A project that had no end of proofs since its live deployment. */
function proofsWithoutEnd() {
  const calls: string[] = [];
  const proof = { url: "", readyState: "READY", readySubstate: "STAGED", meta: { godwitStage: "links/production" } };
  const call = async ({ path, query = {} }: Call): Promise<unknown> => {
    calls.push(path);
    if (path.startsWith("/v13/")) return { ...proof, id: "dpl_live", created: 1, readySubstate: "PROMOTED" };
    const before = Number(query.until ?? 100_000);
    const deployments = Array.from({ length: 100 }, (_, at) => ({ ...proof, uid: `${before - at}`, created: before }));
    return { deployments, pagination: { next: before - 100 } };
  };
  const api = { protocol: "https:", call } as unknown as Api; // the one call that is made
  const live = { id: "prj_1", name: "links", targets: { production: { id: "dpl_live" } } };
  const project = { find: async () => live } as unknown as Project; // what releases ask of it
  const input: DeployInput = {
    app: "links",
    stage: "production",
    settings: {},
    vars: {},
    secrets: {},
    env: {},
    clock: systemClock,
    signal: new AbortController().signal,
    warn() {},
  };
  const secrets = {} as Secrets; // not asked
  return { calls, releases: createReleases({ api, input, project, secrets, rolling: async () => undefined }) };
}

test("what is live is among the releases however long ago it was, and the pages that are read are bounded", async () => {
  const { calls, releases } = proofsWithoutEnd();
  const list = await releases.list();
  assert.deepEqual(
    list.filter(({ share }) => share > 0).map(({ id, kept }) => [id, kept]),
    [["dpl_live", true]],
  );
  assert.equal(list.length, 1001);
  assert.equal(calls.length, 11);
});
