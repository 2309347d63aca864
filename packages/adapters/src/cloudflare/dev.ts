/**
 * How workerd takes modules while an app is developed: a binding that makes functions of text, which miniflare gives
 * and no deployed Worker has.
 * @module
 */
import type { DevRuntime } from "@godwit/bundler/contracts";

/** The binding's name. */
export const EVAL_BINDING = "GODWIT_UNSAFE_EVAL";

export const WORKERD_DEV: DevRuntime = {
  evaluate: `(env, code, name, ...parameters) => env.${EVAL_BINDING}.newFunction(code, name, ...parameters)`,
  load: "(specifier) => import(specifier)",
  binding: EVAL_BINDING,
};
