/**
 * The process of one function: started on first use, started again after it ended.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import type { GodwitError } from "@godwit/core/errors";
import { startFailed } from "../../_emulate/errors.ts";
import type { Logs } from "../../_emulate/logs.ts";
import type { ChildMessage, ChildOptions, ParentMessage } from "./protocol.ts";
import type { RuntimeCache } from "./runtime-cache.ts";

export interface ProcessOptions extends ChildOptions {
  /** The function's id, for its log lines. */
  name: string;
  variant: "edge" | "node";
  env: Record<string, string>;
  /** Port of the debugger. */
  inspect?: number;
  logs: Logs;
  cache: RuntimeCache;
  map(text: string): string;
}

/** Milliseconds that a function may take to start: a top-level await that never settles must not hold a request. */
const STARTING = 30_000;

interface Running {
  child: ChildProcess;
  port: number;
  /** Microseconds that starting took. */
  cpu: number;
}

export class FunctionProcess {
  #options: ProcessOptions;
  #running?: Promise<Running>;
  #child?: ChildProcess;
  #questions = 0;
  #stopped = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  /** The port it listens on. Rejects with `EMULATOR_START_FAILED` when it does not start. */
  start(): Promise<Running> {
    if (this.#stopped) return Promise.reject(failed(this.#options.name));
    this.#running ??= this.#fork();
    return this.#running;
  }

  /** Microseconds of CPU since its start. */
  async cpu(): Promise<number> {
    const { child } = await this.start();
    const id = ++this.#questions;
    return new Promise((resolve, reject) => {
      const settle = (message: ChildMessage | undefined) => {
        if (message && (message.kind !== "cpu" || message.id !== id)) return;
        child.off("message", settle);
        child.off("exit", onExit);
        if (message) resolve(message.cpu);
        else reject(failed(this.#options.name));
      };
      const onExit = () => settle(undefined);
      child.on("message", settle);
      child.once("exit", onExit);
      child.send({ kind: "cpu", id } satisfies ParentMessage);
    });
  }

  /** Settles when the process is gone. It does not start again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#child) await end(this.#child);
  }

  #fork(): Promise<Running> {
    const { name, variant, entry, runtime, dev, inspect, env, logs, cache, map } = this.#options;
    const file = new URL(`./${variant}-child${extname(import.meta.url)}`, import.meta.url);
    const flags = variant === "edge" ? ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"] : [];
    if (dev) flags.push("--enable-source-maps");
    if (inspect !== undefined) flags.push(`--inspect=127.0.0.1:${inspect}`);
    const options: ChildOptions = { entry, runtime, dev };
    const child = fork(file, [JSON.stringify(options)], {
      execArgv: flags,
      env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    logs.read(child.stdout, name, "info", map);
    logs.read(child.stderr, name, "error", map);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => child.kill("SIGKILL"), STARTING);
      const gone = () => {
        clearTimeout(timer);
        this.#running = undefined;
        this.#child = undefined;
        reject(failed(name));
      };
      child.once("exit", gone);
      child.once("error", gone);
      child.on("message", (message: ChildMessage) => {
        if (message.kind === "cache") {
          const answer: ParentMessage = { kind: "cache", id: message.id, text: cache.call(message.call) };
          if (child.connected) child.send(answer);
          return;
        }
        clearTimeout(timer);
        if (message.kind === "ready") resolve({ child, port: message.port, cpu: message.cpu });
        if (message.kind === "failed") void end(child);
      });
    });
  }
}

function failed(name: string): GodwitError {
  return startFailed(`The function ${name}`, "Its log says why.");
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
