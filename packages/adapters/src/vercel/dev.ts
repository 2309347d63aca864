/**
 * How Edge functions take modules while an app is developed: from functions at a symbol of their global, which the
 * emulator puts there and the platform has not.
 * @module
 */
import type { DevRuntime } from "@godwit/bundler/contracts";

/** `Symbol.for` of this: an `EdgeDev`. */
export const DEV_KEY = "godwit.dev";

export interface EdgeDev {
  evaluate(code: string, name: string, parameters: string[]): unknown;
  load(specifier: string): Promise<object>;
}

const HELD = `globalThis[Symbol.for(${JSON.stringify(DEV_KEY)})]`;

export const EDGE_DEV: DevRuntime = {
  evaluate: `(_, code, name, ...parameters) => ${HELD}.evaluate(code, name, parameters)`,
  load: `(specifier) => ${HELD}.load(specifier)`,
};
