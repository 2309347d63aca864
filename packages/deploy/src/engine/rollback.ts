/**
 * Back to a release that was live before: one switch, no build.
 * @module
 */
import type { Deployer, DeployInput, Release } from "../contracts.ts";
import { nothingDeployed, releaseUnknown } from "./errors.ts";
import { guarded } from "./guarded.ts";
import { withLease } from "./lease.ts";
import { findLive, isUnsettled, isWhole } from "./plan.ts";

export interface RollbackOptions {
  deployer: Deployer;
  input: DeployInput;
  /** Id of a release. Default: the one before the live one; while a canary is on its way, the one that it would follow. */
  to?: string;
}

export interface RolledBack {
  from?: Release;
  to: Release;
  /** False: it had all the traffic already. */
  changed: boolean;
  urls: URL[];
}

/** Throws DEPLOY_RELEASE_UNKNOWN, DEPLOY_NOTHING. */
export function rollback({ deployer, input, to }: RollbackOptions): Promise<RolledBack> {
  return guarded(input, async () => {
    const seen = choose(await deployer.releases(), { deployer, input, to });
    if (isWhole(seen.target)) return { ...view(seen), changed: false, urls: await deployer.urls() };
    return withLease(deployer, input, async (guard) => {
      const releases = await deployer.releases();
      const found = choose(releases, { deployer, input, to: seen.target.id });
      await guard.prove();
      await deployer.reset();
      // a canary that was ended may have been all there was to do
      const isBack = isUnsettled(releases) && found.target.id === found.live?.id;
      if (!isBack && !isWhole(found.target)) {
        await guard.prove();
        await deployer.switch(found.target);
      }
      return { ...view(found), changed: true, urls: await deployer.urls() };
    });
  });
}

interface Choice {
  live: Release | undefined;
  target: Release;
}

function view({ live, target }: Choice): Pick<RolledBack, "from" | "to"> {
  return { ...(live && { from: live }), to: target };
}

function choose(releases: readonly Release[], { deployer, input, to }: RollbackOptions): Choice {
  const live = findLive(releases);
  if (!live) throw nothingDeployed(input.app, input.stage, deployer.place);
  const known = releases.filter(({ id, kept }) => kept && id !== live.id).map(({ id }) => id);
  if (to !== undefined) {
    const target = releases.find((release) => release.id === to && (release.kept || release.id === live.id));
    if (!target) throw releaseUnknown(to, known);
    return { live, target };
  }
  if (isUnsettled(releases)) return { live, target: live };
  const target = releases.slice(releases.indexOf(live) + 1).find(({ kept }) => kept);
  if (!target) throw releaseUnknown(undefined, known);
  return { live, target };
}
