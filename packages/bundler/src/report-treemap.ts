/**
 * Squarified treemaps (Bruls, Huizing, van Wijk: "Squarified Treemaps", 2000). Runs in the page as well.
 * @module
 */

export interface Tile<T> {
  item: T;
  /** All in the units of the given rectangle. */
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Tiles that fill the rectangle, in the order of the items, which are the heaviest first; weightless ones are left out. */
export function squarify<T extends { bytes: number }>(items: readonly T[], width: number, height: number): Tile<T>[] {
  const heavy = items.filter(({ bytes }) => bytes > 0);
  const total = heavy.reduce((sum, { bytes }) => sum + bytes, 0);
  const scale = (width * height) / total;
  const tiles: Tile<T>[] = [];
  const free = { x: 0, y: 0, width, height };
  for (let at = 0; at < heavy.length; ) {
    const side = Math.min(free.width, free.height);
    let area = 0;
    let end = at;
    for (let worst = Infinity; end < heavy.length; end++) {
      const next = area + (heavy[end]?.bytes ?? 0) * scale;
      const largest = (heavy[at]?.bytes ?? 0) * scale;
      const smallest = (heavy[end]?.bytes ?? 0) * scale;
      const ratio = Math.max((side * side * largest) / next ** 2, next ** 2 / (side * side * smallest));
      if (ratio > worst) break; // another one would make the row's tiles longer
      worst = ratio;
      area = next;
    }
    const isWide = free.width >= free.height;
    const depth = area / side;
    let along = isWide ? free.y : free.x;
    for (const item of heavy.slice(at, end)) {
      const length = (item.bytes * scale) / depth;
      tiles.push(
        isWide
          ? { item, x: free.x, y: along, width: depth, height: length }
          : { item, x: along, y: free.y, width: length, height: depth },
      );
      along += length;
    }
    if (isWide) {
      free.x += depth;
      free.width -= depth;
    } else {
      free.y += depth;
      free.height -= depth;
    }
    at = end;
  }
  return tiles;
}
