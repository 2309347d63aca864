/**
 * The lock of a stage.
 * @module
 */
import * as fs from "node:fs/promises";
import { read, write } from "./files.ts";
import type { Ask, Lock } from "./words.ts";

/**
 * Lock files have numbers, and the highest counts. Who takes the lock makes the next number, which only one can, and
 * then looks whether the one before is still as it was; who renews writes, and then looks whether there is a higher one.
 * So never do two have it, whatever moment they stop at.
 */
export async function lock({
  owner,
  ttl,
  dead,
}: Extract<Ask, { op: "lock" }>): Promise<{ taken?: Lock; mine: boolean }> {
  const before = await readLock();
  const until = Date.now() + ttl;
  const mine: Lock = { ...owner, until };
  if (before?.lock.id === owner.id) {
    await write(`lock-${before.number}`, mine);
    const after = await readLock();
    return after?.number === before.number ? { mine: true } : { mine: false, taken: after?.lock };
  }
  const isFree = !before || before.lock.until <= Date.now() || before.lock.id === dead;
  if (!isFree) return { mine: false, taken: before.lock };
  const number = (before?.number ?? 0) + 1;
  const temporary = `lock.${owner.id}`;
  await fs.writeFile(temporary, JSON.stringify(mine));
  try {
    await fs.link(temporary, `lock-${number}`);
  } catch (error) {
    const now = await readLock();
    if (now && now.number >= number) return { mine: now.lock.id === owner.id, taken: now.lock };
    throw error;
  } finally {
    await fs.rm(temporary, { force: true });
  }
  const earlier = before && (await read(`lock-${before.number}`));
  const highest = await readLock();
  if (earlier !== before?.text || highest?.number !== number) {
    await fs.rm(`lock-${number}`, { force: true });
    return { mine: false, taken: highest?.number === number ? before?.lock : highest?.lock };
  }
  for (const name of await lockNames()) if (toNumber(name) < number) await fs.rm(name, { force: true });
  return { mine: true };
}

export async function unlock(owner: string): Promise<void> {
  const held = await readLock();
  // The file stays, so that numbers only grow.
  if (held?.lock.id === owner) await write(`lock-${held.number}`, { ...held.lock, until: 0 });
}

export async function readLock(): Promise<{ number: number; text: string; lock: Lock } | undefined> {
  const numbers = (await lockNames()).map(toNumber).sort((a, b) => b - a);
  for (const number of numbers) {
    const text = await read(`lock-${number}`);
    if (text !== undefined) return { number, text, lock: JSON.parse(text) as Lock }; // `lock` wrote it
  }
  return undefined;
}

async function lockNames(): Promise<string[]> {
  return (await fs.readdir(".")).filter((name) => /^lock-\d+$/.test(name));
}

function toNumber(name: string): number {
  return Number(name.slice("lock-".length));
}
