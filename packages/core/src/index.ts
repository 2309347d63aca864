/**
 * Everything a route file needs, on one screen. Middleware has a file each: `@godwit/core/middleware/cors`.
 * @module
 */
export { type AppOptions, createApp } from "./app.ts";
export { createKey } from "./context.ts";
export { defineEnv, EnvError, type EnvIssue, type EnvSpec, type StandardSchema } from "./env.ts";
export { GodwitError, HttpError, type HttpErrorOptions, problem } from "./errors.ts";
export {
  html,
  json,
  noContent,
  type RedirectStatus,
  redirect,
  type StreamSource,
  stream,
  text,
} from "./respond.ts";
export { createRouter, onePattern, type RouteSegment, type Row } from "./router.ts";
export { type SseEvent, type SseOptions, type SseSource, sse } from "./sse.ts";
export type {
  AnyHandler,
  App,
  Context,
  CounterRule,
  CounterStore,
  Env,
  EnvDefinition,
  ExecutionContext,
  FetchApp,
  Geo,
  Handler,
  Json,
  Key,
  KeyValueStore,
  Lease,
  ListOptions,
  ListPage,
  LogFields,
  Logger,
  LogLevel,
  Match,
  Method,
  Middleware,
  Next,
  Params,
  Register,
  Route,
  RouteModule,
  RoutePattern,
  SetOptions,
  Store,
  StoreDriver,
  StoredValue,
  StoreGuarantees,
  StoreName,
  Taken,
  Trigger,
} from "./types.ts";
