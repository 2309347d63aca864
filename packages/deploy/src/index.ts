/**
 * What the command line takes from here.
 * @module
 */
export type * from "./contracts.ts";
export { runCommand } from "./engine/before-promote.ts";
export { CANARY_LIMITS, type CanaryEvent, type CanaryLimits, type CanaryPlan, percent } from "./engine/canary.ts";
export { systemClock } from "./engine/clock.ts";
export { type DeployEvent, type Deployed, type DeployOptions, type DeployStep, deploy, plan } from "./engine/deploy.ts";
export { type Destroyed, type DestroyOptions, destroy, type Found } from "./engine/destroy.ts";
export { guarded, redactOf } from "./engine/guarded.ts";
export { createUrlMetrics } from "./engine/metrics-url.ts";
export { type Action, isUnsettled, type Plan, type PlanItem, type PlanSecret } from "./engine/plan.ts";
export { type Redact, redactJson } from "./engine/redact.ts";
export { type RollbackOptions, type RolledBack, rollback } from "./engine/rollback.ts";
export { removeSecret, setSecret } from "./engine/secrets.ts";
export { defaultRequests, type Verified } from "./engine/verify.ts";
export { type DeploySettings, deployers } from "./registry.ts";
