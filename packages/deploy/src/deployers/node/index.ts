/**
 * Your own Node server: on this machine, or on one that ssh reaches.
 * @module
 */
import { join } from "node:path";
import type { Deployer, DeployInput } from "../../contracts.ts";
import { placeUnknown } from "../../engine/errors.ts";
import { createDeployer } from "./deployer.ts";
import { explainEnd } from "./errors.ts";
import { createLocalHost, type Host } from "./host.ts";
import { REHEARSAL } from "./rehearsal.ts";
import type { NodeSettings } from "./settings.ts";
import { createSshHost } from "./ssh.ts";
import { Stage } from "./stage.ts";

export { rehearse } from "./rehearsal.ts";
export { parseSettings } from "./settings.ts";

const STAGE = /^[a-z0-9][\w.-]{0,62}$/i;

export async function open(input: DeployInput): Promise<Deployer> {
  const given = input.settings as NodeSettings; // what parseSettings made
  if (!STAGE.test(input.stage)) {
    throw placeUnknown(
      `The stage ${JSON.stringify(input.stage)} is no name of a folder.`,
      "Take letters, digits, hyphens and dots.",
    );
  }
  const folder = input.env[REHEARSAL];
  const settings: NodeSettings = folder === undefined ? given : toRehearsal(given, join(folder, input.app));
  const host = await createHost(settings);
  const { app, stage } = input;
  const opened = new Stage({ input, settings, host, place: { path: settings.path ?? `~/godwit/${app}`, app, stage } });
  try {
    return await createDeployer(opened);
  } catch (error) {
    opened.client.close();
    await host.close();
    throw error;
  }
}

function toRehearsal(settings: NodeSettings, path: string): NodeSettings {
  const { host: _host, sshCommand: _ssh, node: _node, startCommand: _start, url: _url, ...kept } = settings;
  return { ...kept, path, sshCommand: [], ports: { production: 0 }, listen: "127.0.0.1" };
}

async function createHost({ host, sshCommand, node }: NodeSettings): Promise<Host> {
  if (host === undefined) return createLocalHost(node ?? process.execPath, explainEnd("this machine", false));
  return createSshHost({ host, command: sshCommand, node: node ?? "node", explain: explainEnd(host, true) });
}
