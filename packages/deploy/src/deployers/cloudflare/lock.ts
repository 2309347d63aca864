/**
 * One deploy of a stage at a time. The one thing at Cloudflare that only one of two callers can make is a KV namespace
 * of a given title: that is the lock, its id says whose it is, and a value in it says until when.
 * @module
 */
import type { Lease } from "../../contracts.ts";
import { locked, lockLost } from "../../engine/errors.ts";
import { machine, whoAmI } from "../../engine/who.ts";
import { createClient } from "./client.ts";
import { createNamespace, KV, LOCK_NAME, listNamespaces, removeNamespace } from "./kv.ts";
import { toTitle } from "./names.ts";
import type { Stage } from "./stage.ts";

interface Holder {
  /** In words. */
  owner: string;
  host: string;
  pid: number;
  until: number;
}

/** Milliseconds after which a lock without a holder's name was left by a call that broke off. */
const NAMELESS = 5000;
/** Milliseconds that the end of a lock may take. */
const FAREWELL = 30_000;

export async function takeLock(stage: Stage, ttl: number): Promise<Lease> {
  const { client, account, input } = stage;
  const { clock, signal } = input;
  const title = toTitle(stage.script, LOCK_NAME);
  const value = (id: string): string => `/accounts/${account}/storage/kv/namespaces/${id}/values/holder`;
  const me = { owner: whoAmI(input.env), host: machine(), pid: process.pid };

  const write = async (id: string): Promise<number> => {
    const until = clock.now() + ttl;
    await client.call<unknown>({
      name: "write the lock's holder",
      method: "PUT",
      path: value(id),
      text: JSON.stringify({ ...me, until } satisfies Holder),
      scope: KV,
    });
    return until;
  };
  const read = async (id: string): Promise<Holder | undefined> => {
    const text = await client.raw({ name: "read the lock's holder", path: value(id), scope: KV, absent: [] });
    try {
      return JSON.parse(text) as Holder; // as `write` writes it
    } catch {
      return undefined;
    }
  };

  /** Who has it, or nobody any more: its time is up, its process is gone, or it never said who. */
  async function look(id: string): Promise<Holder | undefined> {
    let holder = await read(id);
    for (let waited = 0; !holder && waited < NAMELESS; waited += 1000) {
      await clock.sleep(1000, signal);
      holder = await read(id);
    }
    if (!holder || holder.until <= clock.now()) return undefined;
    return holder.host === me.host && !isRunning(holder.pid) ? undefined : holder;
  }

  for (let attempt = 0; attempt < 5; attempt++) {
    const made = await createNamespace(stage, title);
    if (made) return lease(made.id, await write(made.id));
    const found = (await listNamespaces(stage)).find((one) => one.title === title);
    if (!found) continue;
    const holder = await look(found.id);
    if (holder) throw locked(holder.owner, holder.until);
    // By its id: of two that do this at once, the second removes nothing, and then finds the title taken.
    await removeNamespace(stage, found.id);
  }
  throw locked("Somebody", clock.now() + ttl);

  function lease(id: string, end: number): Lease {
    let until = end;
    return {
      async renew() {
        const own = await client.call<object | undefined>({
          name: "look at the lock",
          path: `/accounts/${account}/storage/kv/namespaces/${id}`,
          scope: KV,
          absent: [],
        });
        if (!own) throw lockLost("Another deploy");
        if (until - clock.now() < ttl / 2) until = await write(id);
      },
      // Also when the deploy was interrupted.
      release: () =>
        removeNamespace({ ...stage, client: createClient({ ...input, signal: AbortSignal.timeout(FAREWELL) }) }, id),
    };
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // what process.kill throws
  }
}
