/**
 * One deploy of a stage at a time. Vercel makes a variable only where there is none of its name, and that is the
 * condition that a lock needs: a variable of the project's development target holds who has it and until when.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { DeployInput, Lease } from "../../contracts.ts";
import { locked, lockLost } from "../../engine/errors.ts";
import { whoAmI } from "../../engine/who.ts";
import type { Api } from "./client.ts";
import { LOCK as KEY, type Project } from "./project.ts";

/** Milliseconds that the end of a lock may take. */
const FAREWELL = 15_000;

interface Held {
  owner: string;
  until: number;
  nonce: string;
}

export interface Lock {
  take(ttl: number): Promise<Lease>;
  /** Takes what could not be taken before there was a project to keep it in. */
  settle(): Promise<void>;
}

/** `connect`: calls that an interrupt of the command does not end. */
export function createLock(
  { clock, env }: DeployInput,
  project: () => Project,
  connect: (signal: AbortSignal) => Api,
): Lock {
  const nonce = randomUUID();
  const owner = whoAmI(env);
  let wanted: number | undefined;
  let id: string | undefined;

  const find = async () => {
    const entry = (await project().env(true)).find(({ key }) => key === KEY);
    return entry && { id: entry.id, held: parse(entry.value) };
  };
  const value = (ttl: number) => JSON.stringify({ owner, until: clock.now() + ttl, nonce } satisfies Held);

  async function acquire(ttl: number): Promise<void> {
    // Twice at the most: an expired lock that two deploys remove is then made by one of them.
    for (let attempt = 0; ; attempt++) {
      const made = await project().addEnv({ key: KEY, value: value(ttl) });
      const found = await find();
      if (found?.held.nonce === nonce) {
        id = found.id;
        return;
      }
      if (!found && !made) continue;
      const expired = found && found.held.until < clock.now();
      if (!found || !expired || attempt > 1)
        throw locked(found?.held.owner ?? "Somebody", found?.held.until ?? clock.now());
      // Whoever removes this very entry may go on; the other finds nothing of that id, or a new lock.
      await project().removeEnv(found.id);
    }
  }

  return {
    async take(ttl) {
      wanted = ttl;
      if (await project().find()) await acquire(ttl);
      return {
        async renew() {
          if (id === undefined || !(await project().find())) return; // a lock goes with its project
          if (await project().changeEnv(id, value(ttl))) return;
          throw lockLost((await find())?.held.owner ?? "Somebody");
        },
        async release() {
          wanted = undefined;
          if (id === undefined) return;
          const path = `/v10/projects/${encodeURIComponent(project().name)}/env/${encodeURIComponent(id)}`;
          const api = connect(AbortSignal.timeout(FAREWELL));
          await api.call({ name: "end the lock", method: "DELETE", path, maybe: true });
          project().forgetEnv();
          id = undefined;
        },
      };
    },
    async settle() {
      if (wanted !== undefined && id === undefined) await acquire(wanted);
    },
  };
}

function parse(text = ""): Held {
  try {
    const { owner, until, nonce } = JSON.parse(text) as Partial<Held>;
    if (typeof until === "number" && typeof nonce === "string") return { owner: owner ?? "Somebody", until, nonce };
  } catch {
    // what nobody can read has ended
  }
  return { owner: "Somebody", until: 0, nonce: "" };
}
