/**
 * The lock of a stage: a file on the host. One that a killed deploy of this machine left is taken over at once, others
 * when they end.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Lease } from "../../contracts.ts";
import { locked, lockLost } from "../../engine/errors.ts";
import { machine, whoAmI } from "../../engine/who.ts";
import type { Lock, LockOwner } from "./agent/words.ts";
import type { Stage } from "./stage.ts";

/** Milliseconds. */
const UNLOCK = 15_000;

interface Answer {
  mine: boolean;
  taken?: Lock;
}

export async function takeLock(stage: Stage, ttl: number): Promise<Lease> {
  const owner: LockOwner = { id: randomUUID(), who: whoAmI(stage.input.env), machine: machine(), pid: process.pid };
  const ask = (dead?: string) => stage.change<Answer>({ op: "lock", owner, ttl, dead });
  let { mine, taken } = await ask();
  if (!mine && taken && isDead(taken)) ({ mine, taken } = await ask(taken.id));
  if (!mine) throw locked(taken?.who ?? "Somebody else", taken?.until ?? stage.input.clock.now() + ttl);
  return {
    async renew() {
      const answer = await stage.client.ask<Answer>({ op: "lock", owner, ttl });
      if (!answer.mine) throw lockLost(answer.taken?.who ?? "Somebody else");
    },
    async release() {
      // Whoever interrupts a deploy should not wait for its lock to end.
      await stage.client.ask({ op: "unlock", owner: owner.id }, { signal: AbortSignal.timeout(UNLOCK) });
    },
  };
}

function isDead(lock: Lock): boolean {
  if (lock.machine !== machine()) return false;
  try {
    process.kill(lock.pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
