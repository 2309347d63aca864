/**
 * One `node server.mjs` of a release.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Report } from "./figures.ts";
import { onLines } from "./lines.ts";

/** Lines that are kept to say why a worker did not start. */
const KEPT_LINES = 20;
/** Milliseconds after the deadline of a drain. */
const GRACE = 3000;

export interface WorkerOptions {
  folder: string;
  env: Record<string, string>;
  onLine(text: string): void;
  onReport(report: Report): void;
  onReady(): void;
  /** Once, when the process is gone, or never came to be; with the connections that it had not taken yet. */
  onEnd(left: Socket[]): void;
}

interface Message {
  godwit?: string;
  url?: string;
  connections?: "http" | "https";
}

export class Worker {
  readonly #child: ChildProcess;
  /** Sent and not taken yet, in their order. Node itself would lose those that wait behind another. */
  readonly #sent: Socket[] = [];
  #ended = false;
  /** Where it alone answers, on loopback. */
  url: URL | undefined;
  scheme: "http" | "https" | undefined;
  ready = false;
  /** The last that it printed. */
  readonly lines: string[] = [];

  constructor({ folder, env, onLine, onReport, onReady, onEnd }: WorkerOptions) {
    // A Node that was updated under a running supervisor is gone from its path.
    const node = existsSync(process.execPath) ? process.execPath : "node";
    const flags = existsSync(`${folder}/server.mjs.map`) ? ["--enable-source-maps"] : [];
    this.#child = spawn(node, [...flags, "server.mjs"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe", "ipc"] });
    const read = (stream: Readable | null) => {
      if (!stream) return;
      onLines(stream, (line) => {
        this.lines.push(line);
        if (this.lines.length > KEPT_LINES) this.lines.shift();
        onLine(line);
      });
    };
    read(this.#child.stdout);
    read(this.#child.stderr);
    const end = () => {
      if (this.#ended) return;
      this.#ended = true;
      this.ready = false;
      onEnd(this.#sent.splice(0));
    };
    this.#child.on("error", (error) => {
      this.lines.push(error.message);
      if (this.#child.pid === undefined) end();
    });
    this.#child.on("exit", () => {
      this.ready = false;
    });
    this.#child.on("close", end);
    this.#child.on("message", (message: Message & Report) => {
      // This process lets go of the connection; the worker has its own end of it.
      if (message.godwit === "taken") this.#sent.shift()?.destroy();
      if (message.godwit === "figures") onReport(message);
      if (message.godwit !== "ready") return;
      this.url = new URL(message.url ?? "");
      this.scheme = message.connections;
      onReady();
    });
  }

  /** Hands a connection over; false when the process cannot take it. */
  take(socket: Socket): boolean {
    if (!this.ready || !this.#child.connected) return false;
    this.#sent.push(socket);
    this.#child.send({ godwit: "connection" }, socket, { keepOpen: true }, () => {}); // a worker that is gone leaves it to onEnd
    return true;
  }

  /** Has the schedules run here, or no longer. */
  clock(on: boolean): void {
    this.#send({ godwit: "clock", on });
  }

  /** Has clients that keep a connection come anew, to be shared out. */
  cycle(): void {
    this.#send({ godwit: "cycle" });
  }

  /** Lets it finish what it began, within the milliseconds. */
  drain(time: number): void {
    this.ready = false;
    this.#send({ godwit: "drain", time });
    const timer = setTimeout(() => this.kill(), time + GRACE);
    this.#child.once("close", () => clearTimeout(timer));
  }

  /** As a host ends a server. */
  end(time: number): void {
    this.ready = false;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), time);
    this.#child.once("close", () => clearTimeout(timer));
  }

  kill(): void {
    this.ready = false;
    this.#child.kill("SIGKILL");
  }

  #send(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}
