/**
 * Figures of several rounds as one: medians with their spread, and relations that are formed inside a round.
 * @module
 */

/** The middle of what was measured, and its spread: 10 % lie below `p10`, 10 % above `p90`. */
export interface Spread {
  median: number;
  p10: number;
  p90: number;
}

/** How a figure is told: over the base's, in multiples of the base's, or as it is. */
export type Relation = "ratio" | "over" | "value";

/** The figure below which a share of all lie, between neighbours in proportion. NaN of none. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return low + (high - low) * (at - Math.floor(at));
}

export function spread(figures: readonly number[]): Spread {
  return { median: quantile(figures, 0.5), p10: quantile(figures, 0.1), p90: quantile(figures, 0.9) };
}

/** The mean of ratios. NaN of none. */
export function geomean(figures: readonly number[]): number {
  return Math.exp(figures.reduce((sum, figure) => sum + Math.log(figure), 0) / figures.length);
}

/** Relates each round's figure to the base's figure of that round, and then takes the middle of the rounds. */
export function relate(own: readonly number[], base: readonly number[], relation: Relation): Spread {
  const related = own.map((figure, round) => {
    const other = base[round] ?? Number.NaN;
    if (relation === "ratio") return figure / other;
    return relation === "over" ? figure - other : figure;
  });
  return spread(related);
}
