/**
 * What this stage's resources are called. Names are truncated, so that they can be another app's: what is tagged or
 * described as this stage's is its own.
 * @module
 */
import { hashOf, toName } from "../../engine/names.ts";

/** Set where the calls go to this machine: profiles and account ids of the config are of another world. */
export const REHEARSAL = "GODWIT_REHEARSAL";

export interface Names {
  app: string;
  stage: string;
  /** `<app>-<stage>`: the HTTP API's, and what the others begin with. */
  base: string;
  tags: { "godwit:app": string; "godwit:stage": string };
  /** All parameters of the stage are below it. */
  parameters: string;
  logGroup: string;
  role: string;
  function(id: string): string;
  /** With an empty name: what they begin with. */
  table(name: string): string;
  rule(fn: string, pattern: string, schedule: string): string;
  bucket(account: string, region: string): string;
  /** The first words of a function's description, by which it is known as this stage's. */
  mark(id: string): string;
  /** The id in such a description, and what follows it. */
  readMark(description: string | undefined): { id: string; hash: string } | undefined;
}

export function createNames(app: string, stage: string): Names {
  const start = `godwit ${app}/${stage}/`;
  return {
    app,
    stage,
    base: toName([app, stage], 128),
    tags: { "godwit:app": app, "godwit:stage": stage },
    parameters: `/godwit/${app}/${stage}`,
    logGroup: `/godwit/${app}/${stage}`,
    role: toName([app, stage, "role"], 64),
    function: (id) => toName([app, stage, id], 64),
    table: (name) => toName([app, stage, name], 255),
    rule: (fn, pattern, schedule) => toName([app, stage, fn, hashOf([pattern, schedule]).slice(0, 8)], 64),
    // A bucket has no tags that a look costs nothing for: the hash keeps `a-b` of `c` and `a` of `b-c` apart.
    bucket: (account, region) =>
      toName([app, stage, hashOf([app, stage]).slice(0, 8), account, region], 63).toLowerCase(),
    mark: (id) => start + id,
    readMark(description = "") {
      const [, id, hash] = /^([^ ]+)(?: (\w+))?/.exec(description.slice(start.length)) ?? [];
      return description.startsWith(start) && id ? { id, hash: hash ?? "" } : undefined;
    },
  };
}

/** Whether tags, in either of the shapes that AWS has, are this stage's. */
export function isOurs(
  names: Names,
  tags: Readonly<Record<string, string>> | readonly { Key?: string; Value?: string }[] | undefined,
): boolean {
  const map = Array.isArray(tags) ? Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])) : { ...tags };
  return map["godwit:app"] === names.app && map["godwit:stage"] === names.stage;
}

export const tagList = (names: Names): { Key: string; Value: string }[] =>
  Object.entries(names.tags).map(([Key, Value]) => ({ Key, Value }));
