/**
 * What a table may be told.
 * @module
 */
export interface TableOptions {
  /** Default: the table's own number. */
  rounds?: number;
  /** Names of contestants. Default: all. */
  only?: readonly string[];
}

export function choose(names: readonly string[], { only }: TableOptions): string[] {
  return names.filter((name) => !only || only.includes(name));
}
