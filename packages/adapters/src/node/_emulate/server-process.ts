/**
 * One `node server.mjs`, and the channel to it.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import { startFailed, triggerFailed } from "../../_emulate/errors.ts";
import type { Logs } from "../../_emulate/logs.ts";

/** Milliseconds. */
const START = 30_000;
const STOP = 2_000;
const ANSWER = 60_000;
const KEPT_ERRORS = 4_000;

/**
 * Loaded before the server's own code: answers how much CPU the process has used, in microseconds, and ends the process
 * with the emulator, whatever becomes of that.
 */
const PRELOAD = `process.on("disconnect",()=>process.exit());process.on("message",(m)=>{if(m?.godwit==="cpu"){const{user,system}=process.cpuUsage();process.send({godwit:"cpu",cpu:user+system})}})`;

export interface ProcessOptions {
  env: Record<string, string>;
  /** Of Node. */
  flags: string[];
  logs: Logs;
  name: string;
  map(text: string): string;
}

interface ChildMessage {
  godwit?: string;
  url?: string;
  cpu?: number;
  status?: number;
  error?: string;
}

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #errors = "";

  /** Starts the server in `root`; without one a Node that does nothing, to measure against. */
  constructor(options: ProcessOptions, root?: string) {
    const { logs, name, map } = options;
    const flags = [...options.flags, "--import", `data:text/javascript,${encodeURIComponent(PRELOAD)}`];
    // Node's own reading of maps costs time on every stack: only where the build shipped them.
    if (root && ["server.mjs.map", "index.mjs.map"].some((file) => existsSync(join(root, file)))) {
      flags.push("--enable-source-maps");
    }
    this.#child = spawn(process.execPath, [...flags, ...(root ? [join(root, "server.mjs")] : ["-e", "0"])], {
      cwd: root,
      // A terminal's Ctrl-C is the emulator's to handle: a group of its own keeps it from the server.
      detached: process.platform !== "win32",
      env: options.env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#ended = once(this.#child, "close").catch(() => {});
    logs.read(this.#child.stdout, name, "info", map);
    logs.read(this.#child.stderr, name, "error", map);
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk).slice(0, KEPT_ERRORS);
    });
  }

  /**
   * Waits until the server listens. Rejects with what the server says of its port, EMULATOR_START_FAILED (with what
   * the server printed), NODE_SERVER_ENDED or NODE_SERVER_SLOW.
   */
  async ready(map: (text: string) => string): Promise<URL> {
    const message = await this.#wait("ready", START).catch((error: unknown) => {
      if (this.#errors === "") throw error;
      const [, code, reason = ""] = /^(PORT_IN_USE|PORT_FORBIDDEN|HOST_UNKNOWN): (.*)/m.exec(this.#errors) ?? [];
      if (code !== undefined) throw new GodwitError(code, reason);
      throw startFailed("The server", `It says:\n${map(this.#errors).trim()}`);
    });
    return new URL(message.url ?? "");
  }

  /** Microseconds of CPU since the process began. */
  async cpu(): Promise<number> {
    return (await this.#ask({ godwit: "cpu" }, "cpu")).cpu ?? 0;
  }

  /** Has the server call a scheduled route; gives the status of its answer. */
  async schedule(pattern: string): Promise<number> {
    const { status, error } = await this.#ask({ godwit: "schedule", pattern }, "scheduled");
    if (status === undefined) throw triggerFailed("schedule", pattern, `${error}`);
    return status;
  }

  /** Asks it to end, as its host will, makes it end, and waits until it has. (Vercel asks no function.) */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP);
    this.#child.kill("SIGTERM");
    await this.#ended;
    clearTimeout(timer);
  }

  /** Settles when the process has ended, for whatever reason. */
  get ended(): Promise<unknown> {
    return this.#ended;
  }

  #ask(question: { godwit: string; pattern?: string }, answer: string): Promise<ChildMessage> {
    const waiting = this.#wait(answer, ANSWER);
    if (this.#child.connected) this.#child.send(question);
    return waiting;
  }

  #wait(kind: string, within: number): Promise<ChildMessage> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#child.off("message", onMessage);
        act();
      };
      const onMessage = (message: ChildMessage) => {
        if (message.godwit === kind) settle(() => resolve(message));
      };
      const timer = setTimeout(() => {
        settle(() =>
          reject(new GodwitError("NODE_SERVER_SLOW", `The server gave no "${kind}" within ${within / 1000} s.`)),
        );
      }, within);
      this.#child.on("message", onMessage);
      this.#ended.then(() =>
        settle(() => reject(new GodwitError("NODE_SERVER_ENDED", `The server ended with ${this.#child.exitCode}.`))),
      );
    });
  }
}
