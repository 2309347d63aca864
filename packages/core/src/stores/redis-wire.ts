/**
 * What carries commands to Redis, and what it says.
 * @module
 */
import { GodwitError } from "../errors.ts";
import { failed } from "./remote.ts";
import type { OpenStore } from "./store.ts";

/** A part of a command. */
export type Word = string | Uint8Array;
/** Texts are bytes. */
export type Reply = Uint8Array | number | null | Reply[];

/** An error that the server answered: it has not done the command. */
export class Said extends Error {}

/** What carries commands. */
export interface Wire {
  /**
   * One round trip. Rejects with `Said`; with `Transient` where the server has not done the command, or `again` allows to
   * do it twice; else with an error of a code.
   */
  send(words: Word[], asked: { signal: AbortSignal; again: boolean }): Promise<Reply>;
  /** The field that a value is kept in, and how: `r` as it is, `b` as Base64 where the wire carries text alone. */
  toField(bytes: Uint8Array): [field: "r" | "b", word: Word];
}

/** Runs a script on keys of the store. */
export type Run = (again: boolean, script: string, keys: string[], words: Word[]) => Promise<Reply>;

/** Whether the server does not have the script of an EVALSHA. */
export function isMissing(error: unknown): boolean {
  return error instanceof Said && error.message.startsWith("NOSCRIPT");
}

/** Whether a server says that it cannot now: while it starts, is no primary, or is full of connections. */
export function isPassing(message: string): boolean {
  return /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|ERR max number of clients)|-READONLY/.test(message);
}

/** Empty for what is no text. */
export function toText(reply: Reply | undefined): string {
  return reply instanceof Uint8Array ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(reply) : "";
}

/** Throws STORE_FAILED for what is no array. */
export function toItems(store: string, reply: Reply): Reply[] {
  if (Array.isArray(reply)) return reply;
  throw failed(store, "its answer is none of Redis");
}

/** What a stage gave a variable. Throws STORE_VARIABLE_INVALID, without the value. */
export function readVariable({ name, bindings }: OpenStore, variable: string, form: RegExp, what: string): string {
  const value = bindings[variable];
  // What is no address would be taken apart elsewhere, and a part of a password be told as a host.
  const isWhole = !/^\w+:\/\//.test(String(value)) || URL.canParse(String(value));
  if (typeof value === "string" && form.test(value) && isWhole) return value;
  throw new GodwitError(
    "STORE_VARIABLE_INVALID",
    `The store "${name}" reads ${variable}, and there ${value ? "it has no such value" : "is none"}. Give it ${what}.`,
  );
}
