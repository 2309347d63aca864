/**
 * One deploy of a stage at a time. A lock is a numbered parameter, `lock/7`: SSM makes a parameter only where there is
 * none (`Overwrite: false`), which is the one conditional change that it knows, so that of two who both see `lock/6`
 * ended one alone gets `lock/7`. It is never deleted while it is the highest, only ended, or a number could be taken
 * twice; and who took one looks again whether a higher one came meanwhile.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Lease } from "../../contracts.ts";
import { locked, lockLost } from "../../engine/errors.ts";
import { whoAmI } from "../../engine/who.ts";
import { createParameters, type Parameters } from "./parameters.ts";
import { openStage, type Stage } from "./stage.ts";

/** Milliseconds that the end of a lock may take after an interrupt. */
const FAREWELL = 15_000;

interface Held {
  number: number;
  owner: string;
  token: string;
  /** Milliseconds since 1970; 0 once it is released. */
  until: number;
}

export function createLock({ input }: Stage, parameters: Parameters): (ttl: number) => Promise<Lease> {
  const { clock, env } = input;
  const read = async (from = parameters): Promise<Held[]> => {
    const found = await from.list("lock");
    const held = found.map(({ name, value }): Held => ({ number: Number(name), ...parse(value) }));
    return held.filter(({ number }) => Number.isInteger(number)).sort((a, b) => b.number - a.number);
  };
  const owner = whoAmI(env);

  return async (ttl) => {
    const token = randomUUID();
    const [top, ...older] = await read();
    if (top && top.until > clock.now()) throw locked(top.owner, top.until);
    const number = (top?.number ?? 0) + 1;
    const name = `lock/${number}`;
    const write = (until: number) => JSON.stringify({ owner, token, until });
    const made = await parameters.put(name, write(clock.now() + ttl), { fresh: true });
    const [now] = await read();
    // Not made, and yet ours: an answer was lost, and the attempt after it met the first one's work.
    if (!now || now.token !== token) {
      if (made && now && now.number > number) await parameters.remove([name]);
      throw locked(now?.owner ?? "Another deploy", now?.until ?? clock.now() + ttl);
    }
    // Those below the one before: who still looks at that one is stopped by ours.
    await parameters.remove(older.map((one) => `lock/${one.number}`));
    const check = async () => {
      const [highest] = await read();
      if (highest && highest.token !== token) throw lockLost(highest.owner);
    };
    let until = clock.now() + ttl;
    return {
      async renew() {
        await check();
        // A third of the time gone is early enough to write.
        if (until - clock.now() > (ttl * 2) / 3) return;
        until = clock.now() + ttl;
        await parameters.put(name, write(until), { again: true });
      },
      async release() {
        const end = async (from: Parameters) => {
          const [highest] = await read(from);
          if (highest?.token === token) await from.put(name, write(0), { again: true });
        };
        if (!input.signal.aborted) return end(parameters);
        // What was interrupted makes no more calls: whoever runs it again should not wait for its lock.
        const last = openStage({ ...input, signal: AbortSignal.timeout(FAREWELL) });
        await end(createParameters(last)).finally(() => last.close());
      },
    };
  };
}

function parse(text: string): Omit<Held, "number"> {
  try {
    const { owner, token, until } = JSON.parse(text) as Partial<Held>; // checked below
    return { owner: String(owner), token: String(token), until: Number(until) || 0 };
  } catch {
    return { owner: "somebody", token: "", until: 0 };
  }
}
