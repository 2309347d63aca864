/**
 * What is live against what should be: read from the cloud alone, and compared.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Change, Deployer, DeployInput, Release, Spec } from "../contracts.ts";
import { hashOf } from "./names.ts";

export type Action = "create" | "update" | "unchanged" | "delete";

export interface PlanItem {
  /** `kind/name`. */
  id: string;
  kind: string;
  name: string;
  phase: "prepare" | "settle";
  action: Action;
  changes: Change[];
  /** Why it cannot be undone. */
  irreversible?: string;
}

export interface PlanSecret {
  name: string;
  /** `create`: a value is at hand and the stage has none. `unused`: the stage has it and the app names it no more. */
  action: "create" | "unchanged" | "unused";
}

export interface Plan {
  app: string;
  stage: string;
  /** Who and where, in words. */
  place: string;
  items: PlanItem[];
  secrets: PlanSecret[];
  release: {
    /** What has the traffic now. */
    from?: Release;
    /** The fingerprint of what would have it. */
    to: string;
    /** `again`: one of that fingerprint was made before; it has the traffic no more, or what it is made of changed. */
    action: "create" | "again" | "unchanged";
  };
  /** An earlier run left a canary: it is ended first. */
  unsettled: boolean;
  /** Whether a deploy would change anything. What it would delete is not counted: that needs a word of its own. */
  changed: boolean;
  deletes: number;
}

/** A plan with what it was made of. */
export interface PlanState {
  plan: Plan;
  specs: readonly Spec[];
  /** By id. */
  live: Map<string, unknown>;
  releases: Release[];
}

/** The one with all the traffic; while a canary is on its way, the older of the two. */
export function findLive(releases: readonly Release[]): Release | undefined {
  return releases.find(isWhole) ?? releases.findLast(({ share }) => share > 0);
}

export function isWhole({ share }: Release): boolean {
  return share > 0.9999;
}

/** Whether traffic is shared between releases: a canary that is on its way, or was left. */
export function isUnsettled(releases: readonly Release[]): boolean {
  return releases.some((release) => release.share > 0 && !isWhole(release));
}

/** Looks at everything at once, and changes nothing. Throws SECRET_MISSING. */
export async function makePlan(deployer: Deployer, input: DeployInput): Promise<PlanState> {
  const [specs, releases, secretNames, ...lists] = await Promise.all([
    deployer.specs(),
    deployer.releases(),
    deployer.secrets.list(),
    ...deployer.kinds.map((kind) => kind.list()),
  ]);
  const live = new Map<string, unknown>();
  const items: PlanItem[] = [];
  for (const [index, kind] of deployer.kinds.entries()) {
    const found = lists[index] ?? new Map<string, unknown>();
    for (const [name, one] of found) live.set(`${kind.name}/${name}`, one);
    const wanted = specs.filter((spec) => spec.kind === kind.name);
    const item = (name: string, action: Action, changes: Change[], irreversible?: string): PlanItem => {
      const base = { id: `${kind.name}/${name}`, kind: kind.name, name, phase: kind.phase, action, changes };
      return irreversible === undefined ? base : { ...base, irreversible };
    };
    for (const spec of wanted) {
      const is = found.get(spec.name);
      const changes = is === undefined ? [] : kind.diff(spec.value, is);
      const action = is === undefined ? "create" : changes.length > 0 ? "update" : "unchanged";
      items.push(item(spec.name, action, changes, action === "unchanged" ? undefined : kind.irreversible?.(spec, is)));
    }
    if (!kind.remove) continue;
    const names = new Set(wanted.map(({ name }) => name));
    for (const [name, one] of found) {
      if (!names.has(name)) items.push(item(name, "delete", [], kind.irreversible?.(undefined, one)));
    }
  }
  const to = deployer.fingerprint();
  const from = findLive(releases);
  const unsettled = isUnsettled(releases);
  const again = releases.some((release) => release.fingerprint === to && release.kept);
  const secrets = planSecrets(input, deployer, secretNames);
  const work = items.filter((item) => item.action === "create" || item.action === "update");
  const isMade = work.some(({ phase }) => phase === "prepare") || secrets.some((one) => one.action === "create");
  const isLive = from && isWhole(from) && from.fingerprint === to && !isMade;
  const action = isLive ? "unchanged" : again ? "again" : "create";
  const changed = unsettled || action !== "unchanged" || work.length > 0;
  const { app, stage } = input;
  const deletes = items.filter((item) => item.action === "delete").length;
  const release = { ...(from && { from }), to, action } as const;
  return {
    plan: { app, stage, place: deployer.place, items, secrets, release, unsettled, changed, deletes },
    specs,
    live,
    releases,
  };
}

function planSecrets(input: DeployInput, deployer: Deployer, there: readonly string[]): PlanSecret[] {
  const declared = input.artefact?.manifest.env.secrets ?? [];
  const lacking = declared.filter((name) => !there.includes(name) && input.secrets[name] === undefined);
  if (lacking.length > 0) {
    const { stage, flags } = input;
    const target = [input.artefact?.manifest.target, flags].filter(Boolean).join(" ");
    const commands = lacking.map((name) => `  godwit secrets set ${name} --stage ${stage} --target ${target}`);
    throw new GodwitError(
      "SECRET_MISSING",
      `The app declares ${lacking.length === 1 ? "a secret" : "secrets"} that the stage ${stage} on ${deployer.place} does not have:\n${commands.join("\n")}\nOr give a value once in .env.${stage} or the shell; a deploy then sets it.`,
    );
  }
  return [
    ...declared.map((name) => ({ name, action: there.includes(name) ? ("unchanged" as const) : ("create" as const) })),
    ...there.filter((name) => !declared.includes(name)).map((name) => ({ name, action: "unused" as const })),
  ];
}

/** Equal digests are plans that do the same. */
export function digestOf({ items, secrets, release, unsettled }: Plan): string {
  const work = items.filter((item) => item.action !== "unchanged");
  return hashOf({ work, secrets, from: release.from?.id ?? "", to: release.to, unsettled });
}
