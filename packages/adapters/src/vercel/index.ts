/**
 * The runtime half of Vercel: {@link toEdge} for Edge functions, {@link toNode} for Node functions. A bundle takes the
 * one that its entry names.
 * @module
 */
export { type EdgeHandler, toEdge } from "./edge.ts";
export type { VercelRequestContext } from "./execution.ts";
export { type NodeHandler, toNode } from "./node.ts";
export type { VercelOptions } from "./schedule.ts";
