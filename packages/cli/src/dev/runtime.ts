/**
 * The emulator of now, and how the next one takes its place: requests on their way stay with the one that they began
 * with, new ones wait for neither.
 * @module
 */
import type { Emulator } from "@godwit/bundler/contracts";

/** How long the old emulator keeps running for requests that do not end, such as open streams. */
const PATIENCE = 30_000;

/** An emulator for the time of one request. */
export interface Lease {
  url: URL;
  release(): void;
}

export interface Runtime {
  /** Waits for the first emulator; rejects where it could not start. */
  lease(): Promise<Lease>;
  /** Starts the next and switches; the emulator of now goes on where that fails. Calls are put in a row. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface RuntimeOptions {
  /** Starts an emulator. */
  start(): Promise<Emulator>;
  /**
   * Brings a running emulator up to date in its place, where what it keeps in memory would be lost with it. Undefined:
   * a new one is started beside it.
   */
  renew?: ((emulator: Emulator) => Promise<void>) | undefined;
  /** Two cannot run at once, since a debugger's port is taken. */
  alone: boolean;
  onStart(emulator: Emulator): void;
}

interface Held {
  emulator: Emulator;
  users: number;
  onIdle?: () => void;
}

export function createRuntime(options: RuntimeOptions): Runtime {
  const open = async (): Promise<Held> => {
    const emulator = await options.start();
    options.onStart(emulator);
    return { emulator, users: 0 };
  };
  const ending = new Set<Promise<void>>();
  let closed = false;
  let current = open();
  current.catch(() => {}); // told to each request, and to who restarts

  async function retire(old: Held): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    if (old.users > 0 && !closed) {
      await new Promise<void>((resolve) => {
        old.onIdle = resolve;
        timer = setTimeout(resolve, PATIENCE);
        timer.unref();
      });
    }
    clearTimeout(timer);
    await old.emulator.close();
  }

  async function replace(): Promise<void> {
    const old = await current.catch(() => undefined);
    if (closed) return;
    if (old && options.renew) return options.renew(old.emulator);
    if (old && options.alone) {
      await old.emulator.close();
      current = open();
      await current;
      return;
    }
    const next = open();
    if (!old) current = next;
    await next;
    current = next;
    if (!old) return;
    const end = retire(old);
    ending.add(end);
    void end.finally(() => ending.delete(end));
    if (closed) old.onIdle?.();
  }

  let row: Promise<void> = Promise.resolve();
  const waiting = new Set<Held>();
  return {
    async lease() {
      const held = await current;
      held.users++;
      waiting.add(held);
      let isHeld = true;
      return {
        url: held.emulator.url,
        release() {
          if (!isHeld) return;
          isHeld = false;
          if (--held.users > 0) return;
          waiting.delete(held);
          held.onIdle?.();
        },
      };
    },
    restart() {
      const next = row.then(replace);
      row = next.catch(() => {});
      return next;
    },
    async close() {
      closed = true;
      for (const held of waiting) held.onIdle?.();
      await row;
      const held = await current.catch(() => undefined);
      await Promise.all([held?.emulator.close(), ...ending]);
    },
  };
}
