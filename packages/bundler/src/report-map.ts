/**
 * A treemap and the table that says the same.
 * @module
 */
import { el, size, toTable } from "./report-dom.ts";
import { squarify } from "./report-treemap.ts";
import type { Weight } from "./steps.ts";

const WIDTH = 1000;
/** More tiles cannot be seen: they are in the table alone. */
const MOST = 1500;
const HUES = 8;

const hues = new Map<string, number>();

/** One colour a name in all maps, given in turn, so that neighbours differ. */
function hueOf(name: string): number {
  if (name.startsWith("(")) return HUES;
  const hue = hues.get(name) ?? hues.size % HUES;
  hues.set(name, hue);
  return hue;
}

/** `pick` makes tiles clickable; the same is reachable otherwise, so that they are no stops of the keyboard. */
export function toMap(
  label: string,
  items: readonly Weight[],
  { height = 360, pick }: { height?: number; pick?: (name: string) => void } = {},
): HTMLElement {
  const total = items.reduce((sum, { bytes }) => sum + bytes, 0);
  const share = (bytes: number): string => `${((100 * bytes) / (total || 1)).toFixed(1)}%`;
  const words = items.slice(0, 5).map(({ name, bytes }) => `${name} ${size(bytes)}`);
  const map = el("div", {
    class: "map",
    role: "img",
    "aria-label": `${label}: ${words.join(", ")}. The table has all.`,
  });
  map.style.aspectRatio = `${WIDTH} / ${height}`;
  const shown = items.slice(0, MOST);
  const left = total - shown.reduce((sum, { bytes }) => sum + bytes, 0);
  if (left > 0) shown.push({ name: `(${items.length - MOST} more)`, bytes: left });
  for (const { item, x, y, width, height: tall } of squarify(shown, WIDTH, height)) {
    const tile = el("div", {
      class: `tile h${hueOf(item.name)}`,
      title: `${item.name}\n${size(item.bytes)}, ${share(item.bytes)}`,
    });
    tile.style.left = `${(100 * x) / WIDTH}%`;
    tile.style.top = `${(100 * y) / height}%`;
    tile.style.width = `${(100 * width) / WIDTH}%`;
    tile.style.height = `${(100 * tall) / height}%`;
    if (width > 46 && tall > 20) tile.append(el("b", {}, item.name));
    if (width > 56 && tall > 42) {
      const more = el("i", {}, ` · ${share(item.bytes)}`);
      tile.append(el("span", {}, size(item.bytes), width > 130 && more));
    }
    if (pick && !item.name.startsWith("(")) {
      tile.classList.add("pick");
      tile.addEventListener("click", () => pick(item.name));
    }
    map.append(tile);
  }
  const table = el("details", {}, el("summary", {}, "As a table"));
  // made when it is opened: a thousand rows cost nothing before
  table.addEventListener("toggle", () => {
    if (table.childElementCount > 1) return;
    table.append(
      toTable(
        label,
        [
          { title: "Name", cell: ({ name }) => name },
          { title: "Size", right: true, cell: ({ bytes }) => size(bytes) },
          { title: "Share", right: true, cell: ({ bytes }) => share(bytes) },
        ],
        items,
      ),
    );
  });
  return el("figure", {}, map, table);
}
