/**
 * Cloudflare's control plane on this machine: its REST API, uploaded Workers in workerd, and an address on loopback for
 * each of them that shares traffic out as the deployments say. Kept on disk.
 * @module
 */
import type { ControlPlane, RehearsalOptions } from "../../../contracts.ts";
import { systemClock } from "../../../engine/clock.ts";
import { serveCalls } from "../../../rehearsal/server.ts";
import { openState } from "../../../rehearsal/state.ts";
import { BASE, handle, nameOf } from "./api.ts";
import { emptyRecords, type Parts, type Records, Refusal } from "./records.ts";
import { createRuns } from "./runs.ts";
import { createTails } from "./tails.ts";

export async function startRehearsal(options: RehearsalOptions): Promise<ControlPlane> {
  const { folder, run, host = "127.0.0.1", port = 0, fault, clock = systemClock } = options;
  const state = await openState<Records>(folder, emptyRecords());
  const tails = createTails(host);
  const runs = createRuns({ state, run, host, tails, folder });
  const parts: Parts = { state, runs, now: () => new Date(clock.now()) };
  const server = await serveCalls({
    host,
    port,
    fault,
    nameOf,
    handle: (call) => handle(parts, tails, call),
    onError: (error) =>
      error instanceof Refusal
        ? error.answer
        : { status: 500, body: { success: false, errors: [{ code: 10013, message: String(error) }], result: null } },
  });
  // What an earlier process served goes on being served.
  await Promise.all(Object.values(state.data.scripts).map((script) => script.port > 0 && runs.front(script)));
  return {
    url: server.url,
    calls: server.calls,
    env: {
      CLOUDFLARE_API_BASE_URL: `${server.url.origin}${BASE}`,
      CLOUDFLARE_API_TOKEN: state.data.token,
      CLOUDFLARE_ACCOUNT_ID: state.data.account,
    },
    async close() {
      await server.close();
      await tails.close();
      await runs.close();
    },
  };
}
