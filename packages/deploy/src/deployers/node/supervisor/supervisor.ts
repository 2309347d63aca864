/**
 * Who gets a connection: the live release, and for its share a canary beside it. Orders are done one after the other,
 * each whole or not at all; what is live for good is the link `current`, which the next start reads.
 * @module
 */
import type { Socket } from "node:net";
import { Doors } from "./doors.ts";
import { FigureBook } from "./figures.ts";
import { Fleet, type FleetHooks } from "./fleet.ts";
import type { Log } from "./log.ts";
import { Refusal } from "./refusal.ts";
import { readCurrent, readRelease, readSecrets, writeCurrent } from "./state.ts";
import { WaitingRoom } from "./waiting.ts";
import { type Command, PROTOCOL, type SupervisorStatus } from "./words.ts";

/** Milliseconds between two tries to open the live release's socket after a start. */
const TRY_AGAIN = 1000;
/** Milliseconds for a release that nobody but its verification ever called. */
const UNUSED = 1000;
/** Milliseconds for what runs when the supervisor itself is told to end. */
const LAST = 10_000;
/** Milliseconds after which a kept connection is shared out anew, while there is a canary. */
const ANEW = 1000;

export class Supervisor {
  readonly #log: Log;
  readonly #hooks: FleetHooks;
  readonly #doors: Doors = new Doors((socket) => this.#accept(socket));
  readonly #waiting: WaitingRoom = new WaitingRoom();
  readonly #figures: FigureBook = new FigureBook();
  readonly #fleets = new Set<Fleet>();
  #live: Fleet | undefined;
  #canary: { fleet: Fleet; share: number } | undefined;
  /** Shares of connections that the canary was not given yet. */
  #due = 0;
  #stirring: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closing = false;

  constructor(log: Log) {
    this.#log = log;
    this.#hooks = {
      log: (source, text) => log.write(source, text),
      report: (id, report) => this.#figures.add(id, report),
      ready: () => this.#waiting.empty((socket) => this.#pass(socket)),
      left: (sockets) => {
        for (const socket of sockets) this.#place(socket);
      },
      gone: (fleet) => this.#fleets.delete(fleet),
    };
  }

  /** Serves what was live, however long its start takes. */
  async resume(): Promise<void> {
    await this.#doors.takePassed();
    const id = await readCurrent();
    if (id === undefined) return;
    const fleet = new Fleet(await readRelease(id), await readSecrets(), this.#hooks);
    this.#fleets.add(fleet);
    this.#live = fleet;
    fleet.setClock(true);
    fleet.persist();
    await this.#openLate(fleet);
  }

  async #openLate(fleet: Fleet): Promise<void> {
    if (fleet !== this.#live || this.#closing) return;
    try {
      await this.#doors.open(fleet.release.settings);
    } catch (error) {
      this.#log.write("supervisor", error instanceof Error ? error.message : String(error));
      setTimeout(() => this.#openLate(fleet), TRY_AGAIN);
    }
  }

  /** Does an order when those before it are done. Rejects with a Refusal. */
  run(command: Command): Promise<unknown> {
    if (command.command === "status") return Promise.resolve(this.#status());
    if (command.command === "figures") return Promise.resolve(this.#figures.read(command.id, command.since));
    const work = this.#queue.then(() => this.#do(command));
    this.#queue = work.catch(() => {});
    return work;
  }

  async #do(command: Command): Promise<unknown> {
    if (this.#closing) throw new Refusal("busy", "The supervisor is ending.");
    switch (command.command) {
      case "start":
        return (await this.#running(command.id)).status(0);
      case "switch":
        await (command.share === undefined ? this.#promote(command.id) : this.#try(command.id, command.share));
        return this.#status();
      case "reset":
        this.#end((fleet) => fleet !== this.#live);
        return this.#status();
      case "stop":
        this.close();
        return undefined;
    }
    throw new Refusal(
      "failed",
      `There is no command ${JSON.stringify(command)}. Another version of Godwit asks for it.`,
    );
  }

  /** The fleet of a release that takes connections, started when there is none with the secrets of today. */
  async #running(id: string): Promise<Fleet> {
    const release = await readRelease(id);
    const secrets = await readSecrets();
    for (const fleet of this.#fleets) {
      if (fleet.id === id && !fleet.draining && fleet.isReady && fleet.revision === secrets.revision) return fleet;
    }
    await this.#doors.check(release.settings);
    const fleet = new Fleet(release, secrets, this.#hooks);
    this.#fleets.add(fleet);
    await fleet.start();
    return fleet;
  }

  async #promote(id: string): Promise<void> {
    const fleet = await this.#running(id);
    const { settings } = fleet.release;
    const opened = await this.#doors.open(settings);
    try {
      await writeCurrent(id);
    } catch (error) {
      if (opened) this.#doors.shut(settings);
      throw error;
    }
    this.#live?.setClock(false);
    this.#canary = undefined;
    this.#live = fleet;
    fleet.setClock(true);
    this.#waiting.empty((socket) => this.#pass(socket));
    this.#doors.keep(settings);
    this.#end((other) => other !== fleet);
  }

  async #try(id: string, share: number): Promise<void> {
    if (!this.#live) throw new Refusal("not-live", "There is no live release to share the traffic with.");
    const fleet = await this.#running(id);
    if (fleet === this.#live) throw new Refusal("not-live", `${id} is the live release.`);
    this.#canary = { fleet, share };
    this.#stir();
    this.#end((other) => other !== fleet && other !== this.#live);
  }

  /** While traffic is shared: clients that keep one connection for long would stay with one release. */
  #stir(): void {
    clearTimeout(this.#stirring);
    if (!this.#canary) return;
    this.#live?.cycle();
    this.#canary.fleet.cycle();
    this.#stirring = setTimeout(() => this.#stir(), ANEW).unref();
  }

  #end(which: (fleet: Fleet) => boolean): void {
    if (this.#canary && which(this.#canary.fleet)) this.#canary = undefined;
    for (const fleet of this.#fleets) if (which(fleet)) fleet.drain(fleet.hadTraffic ? undefined : UNUSED);
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {});
    this.#place(socket);
  }

  #place(socket: Socket): void {
    if (!socket.destroyed && !this.#pass(socket)) this.#waiting.add(socket);
  }

  #pass(socket: Socket): boolean {
    const { fleet, share } = this.#canary ?? { fleet: undefined, share: 0 };
    this.#due += share;
    const first = this.#due >= 1 ? fleet : this.#live;
    if (this.#due >= 1) this.#due--;
    // One without a worker that is ready leaves its connections to the other.
    return first?.take(socket) || this.#live?.take(socket) || fleet?.take(socket) || false;
  }

  #status(): SupervisorStatus {
    const { fleet: canary, share = 0 } = this.#canary ?? {};
    const shareOf = (fleet: Fleet) => (fleet === canary ? share : fleet === this.#live ? 1 - share : 0);
    return {
      protocol: PROTOCOL,
      pid: process.pid,
      live: this.#live?.id,
      scheme: this.#live?.scheme,
      ports: this.#doors.ports,
      fleets: [...this.#fleets].map((fleet) => fleet.status(shareOf(fleet))),
    };
  }

  /** Accepts nothing more, lets what runs finish for a while, and ends the process. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#doors.closeAll();
    this.#waiting.close();
    for (const fleet of this.#fleets) fleet.end(LAST);
    const timer = setInterval(async () => {
      if (this.#fleets.size > 0) return;
      clearInterval(timer);
      await this.#log.close();
      process.exit(0);
    }, 20);
  }
}
