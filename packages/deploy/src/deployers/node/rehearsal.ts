/**
 * A rehearsal is a deploy to a folder of this machine, on loopback: nothing stands in for anything.
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ControlPlane, RehearsalOptions } from "../../contracts.ts";
import { systemClock } from "../../engine/clock.ts";
import { AgentClient } from "./agent-client.ts";
import { explainEnd } from "./errors.ts";
import { createLocalHost } from "./host.ts";

/** Variable that makes `open` deploy below a folder instead of where the settings say. */
export const REHEARSAL: "GODWIT_NODE_REHEARSAL" = "GODWIT_NODE_REHEARSAL";

export async function rehearse({ folder }: RehearsalOptions): Promise<ControlPlane> {
  return {
    url: pathToFileURL(folder),
    env: { [REHEARSAL]: folder },
    calls: [],
    async close() {
      const host = createLocalHost(process.execPath, explainEnd("this machine", false));
      for (const app of await readdir(folder).catch(() => [])) {
        for (const stage of await readdir(join(folder, app)).catch(() => [])) {
          if (stage === "app.json") continue;
          const place = { path: join(folder, app), app, stage };
          const client = new AgentClient({ host, place, clock: systemClock, signal: new AbortController().signal });
          // One that does not run is what was wanted.
          await client.ask({ op: "control", command: { command: "stop" }, time: 5000 }).catch(() => {});
          client.close();
          client.close();
        }
      }
    },
  };
}
