/**
 * One function of the page: its packages, limits and routes.
 * @module
 */
import type { FunctionChange } from "./report-changes.ts";
import type { ReportData, ReportFunction, ReportLimit } from "./report-data.ts";
import { amount, cpu, difference, el, limit, milliseconds, size, toTable } from "./report-dom.ts";
import { toMap } from "./report-map.ts";

export function toDetail(fn: ReportFunction, { edges }: ReportData, change?: FunctionChange): HTMLElement[] {
  const { startup, packages, routes } = fn;
  const facts: [string, string | Node][] = [
    ["Size", size(fn.bytes)],
    ["Gzipped", size(fn.gzipBytes)],
    ["Start-up CPU", startup ? cpu(startup.startupCpu) : "not measured"],
    ["First-use CPU", startup ? cpu(startup.firstUseCpu) : "not measured"],
    ["Variant", fn.variant],
    ["Routes", fn.lazy ? "loaded on first use" : "loaded at start"],
  ];
  if (change) facts.push(["Since the last build", toDifference(change)]);
  const dead = (gaps: Record<string, string>) => edges.filter(({ name }) => gaps[name] !== undefined);
  return [
    el("h3", {}, fn.id),
    el("p", { class: "why" }, fn.reason),
    el(
      "dl",
      { class: "facts small" },
      ...facts.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))),
    ),
    toMap(`${fn.id} by package`, packages, { height: 420 }),
    el("h4", {}, "Headroom"),
    toLimits(fn.limits, `Limits of ${fn.id}`),
    ...(change && change.packages.length > 0
      ? [
          el("h4", {}, "Changed since the last build"),
          toTable(
            `What changed in ${fn.id}`,
            [
              { title: "Package or file", cell: ({ name }) => name },
              { title: "Difference", right: true, cell: ({ bytes }) => difference(bytes) },
            ],
            change.packages,
          ),
        ]
      : []),
    el("h4", {}, "Routes"),
    routes.length === 0
      ? el("p", {}, "It answers what no route matches.")
      : toTable(
          `Routes of ${fn.id}`,
          [
            { title: "Route", cell: ({ pattern }) => pattern },
            { title: "Methods", cell: ({ methods }) => methods.map((one) => (one === "*" ? "all" : one)).join(" ") },
            { title: "Files", cell: ({ file, middleware }) => [file, ...middleware].join(", ") },
            {
              title: "Edge",
              cell: ({ gaps }) => {
                if (edges.length === 0) return "";
                const off = dead(gaps);
                if (off.length === 0) return el("span", { class: "less" }, "\u2713 everywhere");
                return el(
                  "ul",
                  { class: "plain" },
                  ...off.map(({ name }) => el("li", {}, el("b", {}, `not ${name}: `), gaps[name] ?? "")),
                );
              },
            },
          ],
          routes,
        ),
  ];
}

/** Bytes, and start-up where both builds were measured. */
function toDifference({ bytes, startupCpu }: FunctionChange): Node {
  if (startupCpu === undefined) return difference(bytes);
  const sign = startupCpu < 0 ? "\u2212" : "+";
  return el("span", {}, difference(bytes), `, start-up ${sign}${milliseconds(Math.abs(startupCpu))}`);
}

export function toLimits(limits: readonly ReportLimit[], caption: string): HTMLElement {
  if (limits.length === 0) return el("p", {}, "The platform names none.");
  return toTable(
    caption,
    [
      { title: "Limit", cell: ({ name, by }) => (by === "budget" ? `${name} (your budget)` : name) },
      {
        title: "Used",
        cell: ({ used, most, unit, name }) => {
          if (used === undefined)
            return el(
              "span",
              { class: "same" },
              unit === "ms" && name === "start-up" ? "not measured" : "shows when it runs",
            );
          const share = used / most;
          const meter = el("i", {
            class: `meter ${share > 0.9 ? "hot" : share > 0.7 ? "warm" : ""}`,
            "aria-hidden": "true",
          });
          const fill = el("i");
          fill.style.width = `${Math.min(100, 100 * share)}%`;
          meter.append(fill);
          return el(
            "span",
            { class: "used" },
            meter,
            ` ${amount(used, unit)} (${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%)`,
          );
        },
      },
      { title: "Most", right: true, cell: ({ most, unit }) => limit(most, unit) },
      {
        title: "Left",
        right: true,
        cell: ({ used, most, unit }) => (used === undefined ? "" : amount(most - used, unit)),
      },
    ],
    limits,
  );
}
