/**
 * One deploy of one target, as the command shows it.
 * @module
 */
import { join, resolve } from "node:path";
import { readArtefact } from "@godwit/bundler";
import type { Artefact } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import {
  CANARY_LIMITS,
  type CanaryPlan,
  createUrlMetrics,
  type Deployed,
  defaultRequests,
  deploy,
  type Plan,
  plan,
  runCommand,
} from "@godwit/deploy";
import colors from "../colors.ts";
import { buildTarget } from "../project/build-target.ts";
import type { Project, TargetName } from "../project/config.ts";
import { secretEnvFiles } from "../project/env-files.ts";
import { untilInterrupted } from "../project/interrupt.ts";
import { askYes, isAttended } from "./ask.ts";
import { type Opened, readVendor, withStage } from "./open.ts";
import type { DeployShared } from "./options.ts";
import { printPlan } from "./print-plan.ts";
import { createProgress } from "./progress.ts";
import { count, type Speaker } from "./speak.ts";
import { unconfirmed } from "./unconfirmed.ts";
import { warmList } from "./warm-list.ts";

export interface DeployFlags extends DeployShared {
  out?: string;
  plan?: boolean;
  yes?: boolean;
  prune?: boolean;
  build: boolean;
  verify: boolean;
  /** Shares, 0 to 1. */
  canary?: number[];
  /** Milliseconds. */
  interval: number;
  metricsUrl?: string;
  serve?: boolean;
}

export interface ShipOptions {
  project: Project;
  target: TargetName;
  stage: string;
  options: DeployFlags;
  speaker: Speaker;
  /** A rehearsal may go on to serve when it is done. */
  mayServe: boolean;
}

/** What `--json` tells of one target. */
export interface Shipped {
  target: string;
  stage: string;
  outcome: "planned" | Deployed["outcome"];
  /** Whether a deploy would have changed something, or did. */
  changes: boolean;
  plan: Plan;
  release?: string;
  verified: { method: string; path: string; status: number }[];
  removed: string[];
  urls: string[];
  warmed?: Deployed["warmed"];
}

/** Builds, plans, asks, ships. Throws DEPLOY_UNCONFIRMED where nobody can be asked, and what each step throws. */
export async function shipTo(ship: ShipOptions, onShipped: (shipped: Shipped) => void): Promise<void> {
  const { project, target, stage, options, speaker } = ship;
  const rehearse = Boolean(options.rehearse);
  await readVendor({ project, target, rehearse }); // nobody waits for a build to be told of a wrong setting
  const warm = await warmList(project);
  const artefact = await findArtefact(ship);
  await withStage({ project, target, stage, rehearse, speaker, artefact }, async (opened) => {
    if (options.plan) {
      onShipped(await showPlan(ship, opened));
      return;
    }
    const shipped = await deployTo(ship, opened, { artefact, warm });
    onShipped(shipped);
    if (shipped.outcome !== "declined") await serveOn(ship, opened);
  });
}

async function findArtefact({ project, target, stage, options, speaker }: ShipOptions): Promise<Artefact> {
  const out = resolve(options.out ?? join(project.root, "dist"));
  if (!options.build) return readArtefact(join(out, target));
  speaker.at(`build ${target}`);
  const onStep = (step: string) => speaker.at(`build ${target}: ${step}`);
  const { artefact } = await buildTarget(project, target, { out, stage, onStep });
  speaker.done(`${colors.green("built")} ${target}: ${count(artefact.manifest.functions.length, "function")}`);
  return artefact;
}

async function showPlan({ stage, target, options, speaker }: ShipOptions, opened: Opened): Promise<Shipped> {
  speaker.at("plan");
  const made = await plan(opened.deployer, opened.input);
  speaker.at("");
  const prune = Boolean(options.prune);
  printPlan(made, speaker.say, { files: secretEnvFiles(stage, Boolean(options.rehearse)), prune });
  const changes = made.changed || (prune && made.deletes > 0);
  if (!changes) speaker.say(colors.green("nothing to do"));
  return { target, stage, outcome: "planned", changes, plan: made, verified: [], removed: [], urls: [] };
}

async function deployTo(
  ship: ShipOptions,
  opened: Opened,
  { artefact, warm }: { artefact: Artefact; warm: string[] },
): Promise<Shipped> {
  const { project, stage, target, options, speaker } = ship;
  const { deployer, input } = opened;
  const progress = createProgress(speaker);
  const own = project.verify.length > 0 ? project.verify : defaultRequests(artefact.manifest);
  const command = project.deploy.beforePromote;
  speaker.at("plan");
  const done = await deploy({
    deployer,
    input,
    requests: options.verify ? own : [],
    warm,
    ...(options.canary && { canary: canaryOf(ship, opened, options.canary) }),
    ...(command !== undefined && {
      beforePromote: (release, onLine) =>
        runCommand(command, {
          cwd: project.root,
          env: { ...process.env, ...input.vars, ...input.secrets, GODWIT_STAGE: stage, GODWIT_RELEASE: release.id },
          signal: input.signal,
          onLine,
        }),
    }),
    confirm: (made) => confirm(ship, made),
    onEvent: progress.on,
  }).catch((error: unknown) => {
    progress.fail();
    throw error;
  });
  progress.end();
  speaker.at("");
  const { outcome, plan: made, release, verified, removed, warmed } = done;
  const urls = done.urls.map(({ href }) => href);
  if (outcome === "declined") speaker.say("nothing was changed");
  if (outcome === "unchanged") speaker.say(`${colors.green("nothing to do")}: ${release?.id} is live`);
  if (outcome === "deployed") speaker.say(`${colors.green("deployed")} ${stage}: ${colors.bold(release?.id ?? "")}`);
  if (warmed && warmed.left > 0) {
    speaker.note(
      `note ${count(warmed.left, "address", "addresses")} left cold: warming took too long or was interrupted`,
    );
  }
  if (made.deletes > removed.length && outcome !== "declined") {
    speaker.say(colors.dim(`${count(made.deletes, "thing")} not wanted any more: --prune deletes`));
  }
  for (const url of urls) speaker.say(colors.cyan(url));
  return {
    target,
    stage,
    outcome,
    changes: outcome === "deployed",
    plan: made,
    release: release?.id,
    verified: verified.map(({ method, path, got }) => ({ method, path, status: got })),
    removed,
    urls,
    ...(warmed && { warmed }),
  };
}

async function confirm({ stage, target, options, speaker }: ShipOptions, made: Plan) {
  const prune = Boolean(options.prune);
  speaker.at("");
  printPlan(made, speaker.say, { files: secretEnvFiles(stage, Boolean(options.rehearse)), prune });
  if (options.yes) return { go: true, remove: prune };
  if (!made.changed && !prune) {
    // nothing but things that nobody wants any more: whoever is not there cannot be asked about them
    if (!isAttended(options.json)) return { go: true, remove: false };
  } else {
    if (!isAttended(options.json)) throw unconfirmed("Nothing was changed.");
    if (!(await askYes(`Deploy ${stage} to ${target}?`))) return { go: false, remove: false };
  }
  const remove = prune || (made.deletes > 0 && (await askYes(`Also delete ${count(made.deletes, "thing")}?`)));
  return { go: true, remove };
}

/** Throws DEPLOY_CANARY_BLIND. */
function canaryOf({ project, options }: ShipOptions, { deployer, input }: Opened, steps: number[]): CanaryPlan {
  const url = options.metricsUrl ?? project.deploy.metricsUrl;
  const metrics = url === undefined ? deployer.metrics?.bind(deployer) : createUrlMetrics(url, input.signal);
  if (!metrics) {
    throw new GodwitError(
      "DEPLOY_CANARY_BLIND",
      `${deployer.place} has no figures to judge a canary by. Give an address of your own with --metrics-url or deploy.metricsUrl; see docs/deploy.md.`,
    );
  }
  const limits = { ...CANARY_LIMITS, ...project.deploy.canary };
  return { steps, interval: options.interval, limits, metrics };
}

/** A rehearsal ends with its process: on a terminal it goes on until Ctrl-C, so that one can look at it. */
async function serveOn({ options, mayServe, speaker }: ShipOptions, { rehearsal }: Opened): Promise<void> {
  const asked = options.serve || (!options.yes && isAttended(options.json));
  if (!rehearsal?.own) return;
  if (!mayServe || !asked) {
    speaker.say(colors.dim("this rehearsal, and its URL, end with this command: --serve keeps them until Ctrl-C"));
    return;
  }
  speaker.say("serving the rehearsal on this machine: other commands with --rehearse find it. Ctrl-C ends it");
  if (rehearsal.url.protocol !== "file:") {
    speaker.say(colors.dim("the vendor's own client comes here with"));
    for (const [name, value] of Object.entries(rehearsal.env)) speaker.say(colors.dim(`  ${name}=${value}`));
  }
  const alive = setInterval(() => {}, 60_000); // what serves may be a process of its own
  await untilInterrupted();
  clearInterval(alive);
}
