/**
 * Gives contexts their `store`. A generated entry brings it to functions that use one, so that others pay nothing.
 * @module
 */
import { GodwitError } from "../errors.ts";
import type { Context, Key } from "../types.ts";
import type { OpenStore, Store } from "./store.ts";

/** A driver's `open` with the options that the config gave. */
export interface OpenableStore {
  open(given: OpenStore): Store;
}

const OPENED: Key<Map<string, Store>> = { name: "stores" };

/**
 * `AppOptions.stores` for these drivers, by name. A store is opened when it is first asked for and lives as long as
 * the app instance; a name that is not there throws STORE_UNKNOWN.
 *
 * @example createApp(match, { stores: openStores({ main: { open: () => open() } }) })
 */
export function openStores(
  drivers: Record<string, OpenableStore>,
): (context: Pick<Context, "store" | "shared"> & { bindings: unknown }) => void {
  return (context) => {
    context.store = (name: string) => {
      const driver = Object.hasOwn(drivers, name) ? drivers[name] : undefined;
      if (!driver) {
        const known = Object.keys(drivers).sort().join(", ") || "none";
        throw new GodwitError(
          "STORE_UNKNOWN",
          `There is no store "${name}" here (known: ${known}). Name it under stores in godwit.config.ts.`,
        );
      }
      const opened = context.shared(OPENED, () => new Map());
      let store = opened.get(name);
      if (!store) {
        const bindings = Object(context.bindings) as Record<string, unknown>; // bindings are an object on every platform
        store = driver.open({ name, bindings });
        opened.set(name, store);
      }
      return store;
    };
  };
}
