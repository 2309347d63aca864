/**
 * Vercel's control plane on this machine: its REST API, what was uploaded in its real runtimes, and a front that shares
 * traffic out. Everything is on loopback, and kept on disk.
 * @module
 */
import type { ControlPlane, RehearsalOptions } from "../../../contracts.ts";
import { systemClock } from "../../../engine/clock.ts";
import { serveCalls } from "../../../rehearsal/server.ts";
import { openState } from "../../../rehearsal/state.ts";
import { handle } from "./api.ts";
import type { Records } from "./records.ts";
import { Refusal } from "./request.ts";
import { createRuns } from "./serve.ts";

export async function rehearse(options: RehearsalOptions): Promise<ControlPlane> {
  const { folder, run, host = "127.0.0.1", port = 0, fault, clock = systemClock } = options;
  const state = await openState<Records>(folder, { projects: {}, deployments: {} });
  const runs = createRuns(state, run, host, () => clock.now());
  const server = await serveCalls({
    host,
    port,
    fault,
    nameOf: ({ method, path }) => `${method} ${path.replace(/\b(?:prj|dpl|env)_\w+/g, ":id")}`,
    handle: (call) => handle({ state, runs, now: () => clock.now() }, call),
    onError: (error) =>
      error instanceof Refusal
        ? error.answer
        : { status: 500, body: { error: { code: "internal_server_error", message: String(error) } } },
  });
  const { url, calls } = server;
  return {
    url,
    calls,
    env: { VERCEL_API_URL: url.href.replace(/\/$/, ""), VERCEL_TOKEN: "rehearsal", VERCEL_ORG_ID: "team_rehearsal" },
    async close() {
      await server.close();
      await runs.close();
    },
  };
}
