/**
 * Rounds in which every contestant has its turn, so that what else the machine does meets all of them.
 * @module
 */
import { geomean, type Relation, relate, type Spread, spread } from "./stats.ts";

export interface Column {
  name: string;
  relation: Relation;
  /** Of the plain figure: "ns", "ms", "KB". */
  unit: string;
}

export interface Contest {
  contestants: readonly string[];
  columns: readonly Column[];
  /** The contestant that the others are compared with. */
  base: string;
  rounds: number;
  /** One figure, taken in a process of the contestant's own. Undefined where it does not take part in the column. */
  measure(contestant: string, column: string, round: number): Promise<number | undefined>;
  /** A last column: the geometric mean of all ratios of a round. Default false. */
  mean?: boolean;
}

export interface Cell {
  related: Spread;
  /** The plain figure. */
  figure: Spread;
}

export interface Row {
  contestant: string;
  /** In the order of the columns. */
  cells: (Cell | undefined)[];
}

/** Columns one after the other, contestants next to each other, another one first in each round. */
export async function runRounds(contest: Contest): Promise<Row[]> {
  const { contestants, columns, rounds, measure } = contest;
  const figures = new Map<string, (number | undefined)[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { name } of columns) {
      for (let turn = 0; turn < contestants.length; turn++) {
        const contestant = contestants[(turn + round) % contestants.length] ?? "";
        const key = keyOf(contestant, name);
        const known = figures.get(key) ?? [];
        known.push(await measure(contestant, name, round));
        figures.set(key, known);
      }
    }
  }
  return contestants.map((contestant) => toRow(contest, contestant, figures));
}

const keyOf = (contestant: string, column: string): string => `${contestant} ${column}`;

function toRow(contest: Contest, contestant: string, all: ReadonlyMap<string, (number | undefined)[]>): Row {
  const { columns, base, mean } = contest;
  const read = (name: string, column: string): number[] | undefined => {
    const figures = all.get(keyOf(name, column)) ?? [];
    const there = figures.filter((figure) => figure !== undefined);
    return there.length === figures.length ? there : undefined;
  };
  const cells = columns.map(({ name, relation }): Cell | undefined => {
    const own = read(contestant, name);
    const others = relation === "value" ? own : read(base, name);
    return own && others && { related: relate(own, others, relation), figure: spread(own) };
  });
  if (mean && cells.every((cell) => cell)) {
    const means = Array.from({ length: contest.rounds }, (_, round) =>
      geomean(columns.map(({ name }) => (read(contestant, name)?.[round] ?? 0) / (read(base, name)?.[round] ?? 0))),
    );
    cells.push({ related: spread(means), figure: spread(means) });
  } else if (mean) cells.push(undefined);
  return { contestant, cells };
}
