/**
 * A plan in words.
 * @module
 */
import type { Plan, PlanItem } from "@godwit/deploy";
import colors from "../colors.ts";
import { count, type Speaker } from "./speak.ts";

const SIGNS = { create: colors.green("+"), update: colors.yellow("~"), delete: colors.red("-"), unchanged: " " };
/** Characters of a fingerprint that are shown. */
const SHORT = 12;

export interface PlanWords {
  /** `.env.production` and the like, where values of new secrets are from. */
  files: readonly string[];
  /** What is not wanted any more will go. */
  prune: boolean;
}

export function printPlan(plan: Plan, say: Speaker["say"], { files, prune }: PlanWords): void {
  const { app, stage, place, items, secrets, release } = plan;
  say(`${colors.bold(app)} as ${colors.bold(stage)} on ${place}`);
  for (const item of items) if (item.action !== "unchanged") printItem(item, say, prune);
  for (const { name, action } of secrets) {
    if (action === "create")
      say(`  ${SIGNS.create} secret ${name}: create (value from ${files.join(", ")} or the shell)`);
    if (action === "unused") say(`    secret ${name}: not declared any more (godwit secrets rm ${name})`);
  }
  if (plan.unsettled) say(`  ${SIGNS.update} traffic: an earlier canary is ended first`);
  const to = release.to.slice(0, SHORT);
  const mark = release.from?.fingerprint.slice(0, SHORT); // none on what somebody else made
  const from = release.from ? `${release.from.id}${mark ? ` (${mark})` : ""}` : "none";
  if (release.action === "unchanged") say(`    release ${from}: unchanged`);
  else say(`  ${SIGNS.update} release: ${from} -> ${to}${release.action === "again" ? ", again" : ""}`);
  say(colors.dim(summary(plan)));
}

function printItem({ action, kind, name, changes, irreversible }: PlanItem, say: Speaker["say"], prune: boolean): void {
  const word = action === "delete" && !prune ? "not wanted any more (deleted with --prune, or a yes)" : action;
  say(`  ${SIGNS[action]} ${kind} ${name}: ${word}`);
  for (const { path, from, to, drift } of changes) {
    const next = to ?? (from === undefined ? "changed" : "none");
    const values = from === undefined ? next : `${from} -> ${next}`;
    say(`      ${path}: ${values}${drift ? colors.yellow(" (changed by hand)") : ""}`);
  }
  if (irreversible !== undefined) say(`      ${colors.red("cannot be undone")}: ${irreversible}`);
}

function summary({ items, secrets }: Plan): string {
  const of = (action: PlanItem["action"]) => items.filter((item) => item.action === action).length;
  const created = of("create") + secrets.filter(({ action }) => action === "create").length;
  const parts = [`${created} to create`, `${of("update")} to update`, `${of("unchanged")} unchanged`];
  if (of("delete") > 0) parts.push(`${count(of("delete"), "thing")} not wanted any more`);
  return parts.join(", ");
}
