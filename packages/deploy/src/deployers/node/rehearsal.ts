/**
 * A rehearsal is a deploy to a folder of this machine, on loopback: nothing stands in for anything.
 * @module
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ControlPlane, RehearsalOptions } from "../../contracts.ts";
import { systemClock } from "../../engine/clock.ts";
import { AgentClient } from "./agent-client.ts";
import { explainEnd } from "./errors.ts";
import { createLocalHost } from "./host.ts";
import { readScripts, versionOf } from "./ship.ts";

/** Variable that makes `open` deploy below a folder instead of where the settings say. */
export const REHEARSAL: "GODWIT_NODE_REHEARSAL" = "GODWIT_NODE_REHEARSAL";

/** What was deployed before runs again, until it is closed. */
export async function rehearse({ folder }: RehearsalOptions): Promise<ControlPlane> {
  const files = readScripts("supervisor");
  await forEachStage(folder, (client) => client.ask({ op: "install", version: versionOf(files), files }));
  return {
    url: pathToFileURL(folder),
    env: { [REHEARSAL]: folder },
    calls: [],
    // One that does not run is what is wanted.
    close: () =>
      forEachStage(folder, (client) =>
        client.ask({ op: "control", command: { command: "stop" }, time: 5000 }).catch(() => {}),
      ),
  };
}

async function forEachStage(folder: string, work: (client: AgentClient) => Promise<unknown>): Promise<void> {
  const host = createLocalHost(process.execPath, explainEnd("this machine", false));
  for (const link of globSync("*/*/current", { cwd: folder })) {
    const [app = "", stage = ""] = link.split(/[\\/]/);
    const place = { path: join(folder, app), app, stage };
    const client = new AgentClient({ host, place, clock: systemClock, signal: new AbortController().signal });
    await work(client).finally(() => client.close());
  }
}
