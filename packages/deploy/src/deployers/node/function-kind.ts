/**
 * The server of the app: what the live release runs, against what this artefact would.
 * @module
 */
import type { AnyKind, BuiltArtefact, Change, Release, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import type { Look, LookRelease } from "./agent/words.ts";
import { describe, fingerprintOf, readBytes, readFiles, toId } from "./release.ts";
import type { Stage } from "./stage.ts";
import type { ReleaseFile } from "./supervisor/words.ts";
import { SUPERVISOR } from "./supervisor-kind.ts";

type Value = ReturnType<typeof describe>;

interface Live extends LookRelease {
  intact: boolean;
  /** Whether secrets were changed since its workers started. */
  stale: boolean;
}

/** Milliseconds to send a release, and for each byte at 50 kB a second. */
const SEND = 120_000;
const SEND_BYTE = 0.02;

export function functionSpec(stage: Stage, artefact: BuiltArtefact): Spec<Value> {
  const value = describe(stage, artefact);
  return { kind: "function", name: value.function, after: [SUPERVISOR], value };
}

export function createFunctionKind(stage: Stage): AnyKind {
  const make = async (): Promise<Release | undefined> => makeRelease(stage);
  return defineKind<Value, Live | Release | undefined>({
    name: "function",
    phase: "prepare",
    async list() {
      const live = toLive(await stage.look());
      return new Map<string, Live | Release | undefined>(live ? [[live.function, live]] : []);
    },
    diff: (value, live) => (live && "settings" in live ? compare(value, live) : []),
    create: make,
    update: make,
  });
}

function toLive(look: Look): Live | undefined {
  const release = look.releases.find(({ id }) => id === look.current);
  return release && { ...release, intact: look.intact, stale: isStale(look, release) };
}

function isStale({ status, secrets }: Look, release: LookRelease): boolean {
  const fleet = status?.fleets.find(({ id, state }) => id === release.id && state !== "draining");
  return fleet !== undefined && release.secrets.length > 0 && fleet.revision !== secrets.revision;
}

function compare(value: Value, live: Live): Change[] {
  const changes: Change[] = [];
  const add = (path: string, from: unknown, to: unknown) => {
    if (from === to) return;
    const text = (word: unknown) => (word === undefined ? undefined : String(word));
    changes.push({ path, from: text(from), to: text(to) });
  };
  add("code", live.hash.slice(0, 12), value.hash.slice(0, 12));
  if (live.hash === value.hash && !live.intact) {
    changes.push({ path: "code", from: "changed on the host", to: value.hash.slice(0, 12), drift: true });
  }
  const { vars: was, ...before } = live.settings;
  const { vars, ...after } = value.settings;
  for (const key of ["port", "listen", "workers", "drain", "start", "health"] as const)
    add(key, before[key], after[key]);
  for (const name of [...new Set([...Object.keys(was), ...Object.keys(vars)])].sort()) {
    // What was a variable and is declared as a secret now was one before, too.
    const secret = value.secrets.includes(name) && was[name] !== undefined;
    add(`env.${name}`, secret ? "set" : was[name], vars[name]);
  }
  const list = (names: readonly string[]) => (names.length > 0 ? names.join(", ") : undefined);
  add("secrets", list(live.secrets), list(value.secrets));
  if (live.stale) changes.push({ path: "secrets", from: "values of its start", to: "values of now" });
  add("schedules", list(live.schedules), list(value.schedules));
  return changes;
}

/**
 * The release of the artefact: the live one, or one that an interrupted deploy made and that never was live, else a new
 * one. What was live once is not taken again, so that releases stay in the order in which they were.
 */
export async function makeRelease(stage: Stage): Promise<Release | undefined> {
  const { artefact, clock } = stage.input;
  const look = await stage.look();
  const fingerprint = fingerprintOf(stage);
  if (!artefact) return undefined;
  const there = look.releases.find(
    (release) => release.fingerprint === fingerprint && (release.id === look.current || !release.wasLive),
  );
  const isSpoilt = there && there.id === look.current && (!look.intact || isStale(look, there));
  if (there && !isSpoilt) return toRelease(look, there);
  const files = await readFiles(artefact);
  const id = toId(clock.now(), fingerprint, new Set(look.releases.map((release) => release.id)));
  const release: ReleaseFile = { ...describe(stage, artefact), id, at: new Date(clock.now()).toISOString(), files };
  // What an earlier release has is copied there, and not sent.
  const kept =
    (await stage.client.ask<string[] | null>({ op: "have", hashes: files.map(({ sha256 }) => sha256) })) ?? [];
  const known = new Set(kept);
  const sent = files.filter(({ sha256 }) => !known.has(sha256));
  const bytes = sent.reduce((sum, file) => sum + file.bytes, 0);
  await stage.change(
    { op: "put", release, kept },
    { payload: () => readBytes(artefact.root, sent), deadline: SEND + bytes * SEND_BYTE },
  );
  return { id, fingerprint, at: release.at, share: 0, kept: false };
}

export function toRelease({ status, current }: Look, { id, fingerprint, at, wasLive }: LookRelease): Release {
  const shares = status?.fleets.filter((fleet) => fleet.id === id && fleet.state !== "draining") ?? [];
  const share = status ? shares.reduce((sum, fleet) => sum + fleet.share, 0) : id === current ? 1 : 0;
  return { id, fingerprint, at, share, kept: wasLive };
}
