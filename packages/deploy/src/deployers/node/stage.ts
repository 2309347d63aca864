/**
 * An opened stage: where it is, what is there, and the calls. What is there is read in one call, and again after
 * anything was changed.
 * @module
 */
import type { DeployInput } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import type { Ask, Look, Place } from "./agent/words.ts";
import { AgentClient, type CallOptions } from "./agent-client.ts";
import { hostTooOld, supervisorOld, wrongMachine } from "./errors.ts";
import type { Host } from "./host.ts";
import type { NodeSettings } from "./settings.ts";
import type { Command } from "./supervisor/words.ts";
import { PROTOCOL } from "./supervisor/words.ts";

const LEAST_NODE: readonly [number, number] = [22, 13];
/** Milliseconds more than a release's start may take. */
const MARGIN = 30_000;

export interface StageOptions {
  input: DeployInput;
  settings: NodeSettings;
  host: Host;
  place: Place;
}

export class Stage {
  readonly input: DeployInput;
  readonly settings: NodeSettings;
  readonly host: Host;
  readonly place: Place;
  readonly client: AgentClient;
  #seen: Promise<Look> | undefined;

  constructor({ input, settings, host, place }: StageOptions) {
    this.input = input;
    this.settings = settings;
    this.host = host;
    this.place = place;
    this.client = new AgentClient({ host, place, clock: input.clock, signal: input.signal });
  }

  /** Throws DEPLOY_NAME_TAKEN, NODE_HOST_OLD, NODE_HOST_ARCHITECTURE, NODE_SUPERVISOR_OLD. */
  look(): Promise<Look> {
    this.#seen ??= this.client.ask<Look>({ op: "look" }).then((found) => {
      this.#check(found);
      return found;
    });
    return this.#seen;
  }

  /** Does something there that may change what `look` sees. */
  async change<T>(ask: Ask, options?: CallOptions): Promise<T> {
    this.#seen = undefined;
    try {
      return await this.client.ask<T>(ask, options);
    } finally {
      this.#seen = undefined;
    }
  }

  /** Has the supervisor do it, and waits for as long as a release may take to start. */
  control<T>(command: Command): Promise<T> {
    const time = 2 * this.settings.start + MARGIN;
    return this.change<T>({ op: "control", command, time }, { deadline: time + MARGIN });
  }

  #check({ owner, node, platform, arch, status, folder }: Look): void {
    const { app } = this.place;
    if (owner !== undefined && owner !== app) {
      const whose = owner === "" ? "is not empty, and no deploy made it" : `belongs to the app ${owner}`;
      throw nameTaken(
        `${folder} on ${this.host.name} ${whose}.`,
        "Set deploy.node.path to a folder of this app alone.",
      );
    }
    const [major = 0, minor = 0] = node.split(".").map(Number);
    if (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1])) {
      throw hostTooOld(this.host.name, node);
    }
    const files = this.input.artefact?.manifest.functions.flatMap((fn) => fn.files) ?? [];
    const here = `${process.platform} ${process.arch}`;
    const there = `${platform} ${arch}`;
    if (here !== there && files.some(({ path }) => path.endsWith(".node"))) {
      throw wrongMachine(this.host.name, there, here);
    }
    if (status && status.protocol !== PROTOCOL) {
      throw supervisorOld(
        this.host.name,
        status.protocol > PROTOCOL
          ? "Deploy with that version, or a newer one."
          : "Restart it once (systemctl restart, or end its process and deploy again): it starts from the files of this version.",
      );
    }
  }
}
