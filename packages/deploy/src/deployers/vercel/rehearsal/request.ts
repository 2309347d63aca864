/**
 * What every handler of the rehearsal works with.
 * @module
 */
import type { Answer, Call } from "../../../rehearsal/server.ts";
import type { State } from "../../../rehearsal/state.ts";
import type { Records } from "./records.ts";
import type { Runs } from "./serve.ts";

export interface Parts {
  state: State<Records>;
  runs: Runs;
  now(): number;
}

/** An answer that is an error. */
export class Refusal extends Error {
  readonly answer: Answer;
  constructor(status: number, code: string, message: string, more: object = {}) {
    super(message);
    this.answer = { status, body: { error: { code, message, ...more } } };
  }
}

export function readJson<T>({ body }: Call): Partial<T> {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (value && typeof value === "object") return value as Partial<T>; // each member is looked at where it is used
  } catch {
    // said below
  }
  throw new Refusal(400, "invalid_json", "The request's body is no JSON object.");
}
