/**
 * What is wrong now, from wherever it comes, for the terminal and for the overlay.
 * @module
 */
import { type DevFailure, readPlaced } from "@godwit/bundler";
import { GodwitError } from "@godwit/core/errors";

/** `build`: the graph; `load`: said by the runtime; `config`: a restart that failed. */
export type Source = "build" | "load" | "config";

export interface Failures {
  readonly current: readonly DevFailure[];
  /** Replaces what a source says. */
  set(source: Source, failures: readonly DevFailure[]): void;
  /** Adds to what a source says. */
  add(source: Source, failure: DevFailure): void;
  /** Called after each change with what is there, what is new and what is gone. */
  listen(listener: (current: readonly DevFailure[], added: DevFailure[], gone: DevFailure[]) => void): () => void;
}

export function createFailures(): Failures {
  const bySource = new Map<Source, readonly DevFailure[]>();
  const listeners = new Set<Parameters<Failures["listen"]>[0]>();
  let current: DevFailure[] = [];
  const update = (): void => {
    const before = new Map(current.map((failure) => [keyOf(failure), failure]));
    const now = new Map([...bySource.values()].flat().map((failure) => [keyOf(failure), failure]));
    current = [...now.values()];
    const added = [...now].filter(([key]) => !before.has(key)).map(([, failure]) => failure);
    const gone = [...before].filter(([key]) => !now.has(key)).map(([, failure]) => failure);
    if (added.length + gone.length > 0) for (const listener of listeners) listener(current, added, gone);
  };
  return {
    get current() {
      return current;
    },
    set(source, failures) {
      bySource.set(source, failures);
      update();
    },
    add(source, failure) {
      bySource.set(source, [...(bySource.get(source) ?? []), failure]);
      update();
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** One failure may be told twice, by the graph and by who asked it. */
function keyOf({ code, message, file = "", line = 0 }: DevFailure): string {
  return JSON.stringify([code, message, file, line]);
}

/** An error as a failure, as the graph tells it itself. */
export function toFailure(error: unknown): DevFailure {
  const known = error instanceof GodwitError;
  const code = known ? error.code : "UNEXPECTED";
  if (!(error instanceof Error)) return { code, message: String(error) };
  const { message, stack } = error;
  return { code, ...(readPlaced(message) ?? { message, ...(!known && stack && { stack }) }) };
}

/** `routes/index.ts:3:9`, as editors and terminals open it. */
export function placeOf({ file, line, column }: DevFailure): string {
  return [file, line, column].filter((part) => part !== undefined).join(":");
}
