/**
 * Everything a route file needs, on one screen. Middleware has a file each: `@godwit/core/middleware/cors`.
 * @module
 */
export { type AppOptions, createApp } from "./app.ts";
export { createKey } from "./context.ts";
export { GodwitError, HttpError, type HttpErrorOptions, problem } from "./errors.ts";
export { createRouter, onePattern, type RouteSegment, type Row } from "./router.ts";
export type {
  App,
  Context,
  Env,
  EnvDefinition,
  ExecutionContext,
  FetchApp,
  Geo,
  Handler,
  Key,
  Logger,
  Method,
  Middleware,
  Next,
  Params,
  Register,
  RouteModule,
} from "./types.ts";
