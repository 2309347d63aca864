/**
 * The page's list of functions: one stop of the keyboard, arrows inside it, a filter and an order above.
 * @module
 */
import type { ReportData, ReportFunction } from "./report-data.ts";
import { cpu, difference, el, plural, size } from "./report-dom.ts";

export interface List {
  element: HTMLElement;
  /** False when there is no such function. `tell` reports it as chosen in the address. Default true. */
  choose(id: string, tell?: boolean): boolean;
}

const ORDERS: Record<string, (a: ReportFunction, b: ReportFunction) => number> = {
  size: (a, b) => b.bytes - a.bytes,
  "gzipped size": (a, b) => b.gzipBytes - a.gzipBytes,
  name: (a, b) => (a.id < b.id ? -1 : 1),
  "start-up": (a, b) => (b.startup?.startupCpu ?? -1) - (a.startup?.startupCpu ?? -1),
};

export function toList({ functions, changes }: ReportData, show: (fn: ReportFunction) => void): List {
  const most = Math.max(1, ...functions.map(({ bytes }) => bytes));
  const changed = new Map(changes?.changed.map((one) => [one.id, one.bytes]));
  const added = new Set(changes?.added);
  const box = el("div", {
    class: "list",
    role: "listbox",
    "aria-label": "Functions",
    "aria-controls": "detail",
    tabindex: "0",
  });
  const options = new Map(functions.map((fn, at) => [fn.id, toOption(fn, at)]));
  const byOption = new Map(functions.flatMap((fn) => (options.has(fn.id) ? [[options.get(fn.id), fn] as const] : [])));
  const status = el("p", { class: "status", role: "status" });
  let chosen: HTMLElement | undefined;

  function toOption(fn: ReportFunction, at: number): HTMLElement {
    const bar = el("i", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `${Math.max(1, (100 * fn.bytes) / most)}%`;
    const delta = changed.get(fn.id);
    const extra = added.has(fn.id)
      ? el("span", { class: "more" }, "new")
      : delta === undefined || delta === 0
        ? undefined
        : difference(delta);
    const patterns = fn.routes.map(({ pattern }) => pattern);
    const routes = patterns.slice(0, 3).join("  ") + (patterns.length > 3 ? `  +${patterns.length - 3}` : "");
    return el(
      "div",
      { role: "option", id: `option-${at}`, "aria-selected": "false" },
      el("b", {}, fn.id),
      el("span", { class: "r" }, extra, extra && " ", size(fn.bytes)),
      el("small", {}, routes || fn.role),
      el("small", { class: "r" }, fn.startup ? `${cpu(fn.startup.startupCpu)} start-up` : fn.variant),
      bar,
    );
  }

  const select = (option: HTMLElement | undefined): void => {
    const fn = byOption.get(option);
    if (!option || !fn || option === chosen) return;
    chosen?.setAttribute("aria-selected", "false");
    chosen = option;
    option.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", option.id);
    if (option.offsetTop < box.scrollTop) box.scrollTop = option.offsetTop;
    const below = option.offsetTop + option.offsetHeight - box.clientHeight;
    if (below > box.scrollTop) box.scrollTop = below;
    show(fn);
  };
  const visible = (): HTMLElement[] => [...options.values()].filter(({ hidden }) => !hidden);

  box.addEventListener("click", ({ target }) => {
    const option = target instanceof Element ? target.closest('[role="option"]') : null;
    if (option instanceof HTMLElement) select(option);
  });
  box.addEventListener("keydown", (event) => {
    const all = [...box.children].filter((one): one is HTMLElement => one instanceof HTMLElement && !one.hidden);
    const at = chosen ? all.indexOf(chosen) : -1;
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: all.length - 1,
      PageDown: at + 8,
      PageUp: at - 8,
    };
    const to = steps[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(all[Math.max(0, Math.min(all.length - 1, to))]);
  });

  const filter = el("input", {
    type: "search",
    placeholder: "function, route, package or file",
    id: "filter",
    autocomplete: "off",
    spellcheck: "false",
  });
  const haystack = new Map(
    functions.map((fn) => {
      const words = [
        fn.id,
        fn.variant,
        ...fn.routes.flatMap(({ pattern, file }) => [pattern, file]),
        ...fn.packages.map(({ name }) => name),
      ];
      return [fn.id, words.join("\n").toLowerCase()];
    }),
  );
  const sift = (): void => {
    const word = filter.value.trim().toLowerCase();
    for (const [id, option] of options) option.hidden = !haystack.get(id)?.includes(word);
    const shown = visible();
    status.textContent = word
      ? `${shown.length} of ${plural(functions.length, "function")}`
      : plural(functions.length, "function");
    if (chosen?.hidden) select(shown[0]);
  };
  filter.addEventListener("input", sift);
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    box.focus();
  });

  const order = el("select", { id: "order" }, ...Object.keys(ORDERS).map((name) => el("option", {}, name)));
  const sort = (): void => {
    const sorted = [...functions].sort((a, b) => (ORDERS[order.value]?.(a, b) ?? 0) || (a.id < b.id ? -1 : 1));
    box.replaceChildren(...sorted.flatMap(({ id }) => options.get(id) ?? []));
  };
  order.addEventListener("change", sort);
  sort();
  sift();

  return {
    element: el(
      "div",
      { class: "chooser" },
      el(
        "div",
        { class: "tools" },
        el("label", { for: "filter" }, "Filter"),
        filter,
        el("label", { for: "order" }, "Order by"),
        order,
      ),
      status,
      box,
    ),
    choose(id) {
      const option = options.get(id);
      if (option?.hidden) {
        filter.value = "";
        sift();
      }
      select(option);
      return option !== undefined;
    },
  };
}
