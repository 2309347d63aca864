/**
 * What the command line takes from here.
 * @module
 */
export type * from "./contracts.ts";
export { systemClock } from "./engine/clock.ts";
export { deployers } from "./registry.ts";
