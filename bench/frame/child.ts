/**
 * A contestant's own process: asked over IPC, killed at the end.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

export interface Child {
  /** Sends one message and gives the answer. Throws when the process ends instead. */
  ask<T>(message: unknown): Promise<T>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  args?: readonly string[];
  execArgv?: readonly string[];
  env?: Record<string, string>;
}

export function startChild(file: string, { args = [], execArgv = [], env = {} }: ChildOptions = {}): Child {
  const child: ChildProcess = fork(file, [...args], {
    execArgv: [...execArgv],
    env: { ...process.env, NODE_ENV: "production", ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const gone = once(child, "exit").then(([code]) => {
    throw new Error(`A contestant's process ended with ${code}: ${file}`);
  });
  gone.catch(() => {});
  child.on("error", () => {}); // a message to a process that has ended: its end says more
  return {
    async ask<T>(message: unknown): Promise<T> {
      const { promise, resolve } = Promise.withResolvers<{ bench?: T; error?: string }>();
      // what is no answer is the contestant's own: it may talk over the channel too
      const read = (value: unknown) => {
        if (typeof value === "object" && value !== null && ("bench" in value || "error" in value))
          resolve(value as { bench?: T }); // checked
      };
      child.on("message", read);
      child.send({ bench: message });
      const { bench, error } = await Promise.race([promise, gone]).finally(() => child.off("message", read));
      if (error !== undefined) throw new Error(error);
      return bench as T; // the two ends are written together
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await gone.catch(() => {});
    },
  };
}
