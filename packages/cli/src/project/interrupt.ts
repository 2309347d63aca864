/**
 * Ctrl-C and SIGTERM: what is open is closed within a deadline, and the process ends with 130. A second one ends at once.
 * @module
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT } from "../exit-codes.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
/** Milliseconds that closing may take. */
const PATIENCE = 8000;
/** npx sends on what the terminal has sent already: one Ctrl-C arrives twice. */
const ECHO = 300;

const state: {
  installed: boolean;
  /** When the first signal came. */
  signalled?: number;
  open: Set<() => unknown>;
  serving?: () => void;
} = {
  installed: false,
  open: new Set(),
};

/** Called once, by the process that is the CLI: a library must not take its user's signals. */
export function handleInterrupts(): void {
  state.installed = true;
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function onSignal(): void {
  const now = performance.now();
  if (state.signalled !== undefined) {
    if (now - state.signalled > ECHO) process.exit(EXIT.interrupted);
    return;
  }
  state.signalled = now;
  setTimeout(() => process.exit(EXIT.interrupted), PATIENCE).unref();
  if (state.serving) {
    state.serving();
    return;
  }
  const closing = [...state.open].map(async (close) => close());
  // whatever fails to close must not keep the others, or the end, from coming
  void Promise.allSettled(closing).then(() => process.exit(EXIT.interrupted));
}

/** Errors that come now come from what is being closed. */
export function isInterrupted(): boolean {
  return state.signalled !== undefined;
}

/** Resolves at the first signal, which is then the ordinary end of a command that serves. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    state.serving = resolve;
  });
}

/** Keeps `close` for an interrupt; the function that it gives forgets it. */
export function closeOnInterrupt(close: () => unknown): () => void {
  state.open.add(close);
  return () => void state.open.delete(close);
}

/** Runs `work`, and takes off the handlers of signals that it put on: a tool's own would end the process before us. */
export async function keepSignals<T>(work: () => Promise<T>): Promise<T> {
  if (!state.installed) return work();
  const before = SIGNALS.map((signal) => new Set(process.listeners(signal)));
  try {
    return await work();
  } finally {
    for (const [index, signal] of SIGNALS.entries()) {
      for (const listener of process.listeners(signal)) {
        if (!before[index]?.has(listener)) process.off(signal, listener);
      }
    }
  }
}

/** A folder for as long as `work` lasts; it goes with an interrupt too. */
export async function withTemporary<T>(name: string, work: (folder: string) => Promise<T>): Promise<T> {
  const { folder, remove } = await openTemporary(name);
  try {
    return await work(folder);
  } finally {
    remove();
  }
}

/** A folder that goes when `remove` is called, or the process ends. */
export async function openTemporary(name: string): Promise<{ folder: string; remove(): void }> {
  const folder = await mkdtemp(join(tmpdir(), `godwit-${name}-`));
  const drop = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", drop);
  return {
    folder,
    remove() {
      process.off("exit", drop);
      drop();
    },
  };
}
