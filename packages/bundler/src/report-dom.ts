/**
 * What the page of the report is made with. Text is text: no string becomes markup.
 * @module
 */

type Child = Node | string | undefined | false;

/** An element; `class`, `text`-like children, attributes and `on` listeners. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

export interface Column<T> {
  title: string;
  /** Numbers stand to the right. */
  right?: boolean;
  cell(row: T): Node | string;
}

/** A table with a caption for those who hear it; its first column names the row. */
export function toTable<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): HTMLElement {
  const head = el(
    "tr",
    {},
    ...columns.map(({ title, right }) => el("th", { scope: "col", class: (right && "r") || undefined }, title)),
  );
  const body = el("tbody");
  for (const row of rows) {
    body.append(
      el(
        "tr",
        {},
        ...columns.map(({ cell, right }, at) =>
          el(at === 0 ? "th" : "td", { ...(at === 0 && { scope: "row" }), class: right ? "r" : undefined }, cell(row)),
        ),
      ),
    );
  }
  const table = el("table", {}, el("caption", { class: "hidden" }, caption), el("thead", {}, head), body);
  const frame = el("div", { class: "scroll" }, table);
  // what scrolls is a stop of the keyboard, and nothing else
  requestAnimationFrame(() => {
    if (frame.scrollHeight <= frame.clientHeight && frame.scrollWidth <= frame.clientWidth) return;
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", caption);
  });
  return frame;
}

/** `1.2 kB`, in powers of 1000. */
export function size(bytes: number): string {
  const most = Math.abs(bytes);
  if (most < 1000) return `${bytes} B`;
  if (most < 999_950) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `+1.2 kB`, `-40 B`. */
export function difference(bytes: number): HTMLElement {
  const text = bytes === 0 ? "±0" : `${bytes > 0 ? "+" : "\u2212"}${size(Math.abs(bytes))}`;
  return el("span", { class: bytes > 0 ? "more" : bytes < 0 ? "less" : "same" }, text);
}

export function milliseconds(value: number): string {
  if (value > 0 && value < 0.05) return "< 0.1 ms";
  return value >= 1000 ? `${(value / 1000).toFixed(value % 1000 === 0 ? 0 : 1)} s` : `${Number(value.toFixed(1))} ms`;
}

/** Measured CPU: two runs of the same code differ by about a millisecond, so less than that is no figure. */
export function cpu(value: number): string {
  return value < 1 ? "< 1 ms" : milliseconds(value);
}

export function amount(value: number, unit: "bytes" | "ms" | "count"): string {
  return unit === "bytes" ? size(value) : unit === "ms" ? milliseconds(value) : value.toLocaleString("en");
}

/** A limit as the platform's own pages write it: `250 MiB` where it is that. */
export function limit(value: number, unit: "bytes" | "ms" | "count"): string {
  const mebi = value / 1_048_576;
  return unit === "bytes" && mebi >= 1 && Number.isInteger(mebi)
    ? `${mebi.toLocaleString("en")} MiB`
    : amount(value, unit);
}

export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
