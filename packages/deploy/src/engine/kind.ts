/**
 * Makes a kind of known values one that the engine can hold beside all others.
 * @module
 */
import type { AnyKind, ResourceKind } from "../contracts.ts";

/** The engine hands a kind only what that kind listed, or what a spec of that kind holds. */
export function defineKind<Value, Live>(kind: ResourceKind<Value, Live>): AnyKind {
  return kind as unknown as AnyKind; // methods are called with the kind's own values alone, as said above
}
