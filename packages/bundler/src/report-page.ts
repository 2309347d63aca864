/**
 * The script of `report.html`, bundled into it. It reads the data from the page and draws it once.
 * @module
 */
import type { ReportData } from "./report-data.ts";
import { toDetail, toLimits } from "./report-detail.ts";
import { difference, el, plural, size, toTable } from "./report-dom.ts";
import { toList } from "./report-list.ts";
import { toMap } from "./report-map.ts";

function section(id: string, title: string, ...children: (Node | string | undefined)[]): HTMLElement {
  return el("section", { id, "aria-labelledby": `${id}-title` }, el("h2", { id: `${id}-title` }, title), ...children);
}

function toHeader(data: ReportData): HTMLElement {
  const { changes, functions } = data;
  const routes = functions.reduce((sum, fn) => sum + fn.routes.length, 0);
  const fact = (term: string, value: string, extra?: HTMLElement) =>
    el("div", {}, el("dt", {}, term), el("dd", {}, value, extra && el("small", {}, " ", extra)));
  return el(
    "header",
    {},
    el("h1", {}, data.app, " ", el("span", { class: "target" }, data.target)),
    el(
      "dl",
      { class: "facts" },
      fact("Functions", functions.length.toLocaleString("en")),
      fact("Routes", routes.toLocaleString("en")),
      fact("Size", size(data.bytes), changes && difference(data.bytes - changes.before.bytes)),
      fact("Gzipped", size(data.gzipBytes), changes && difference(data.gzipBytes - changes.before.gzipBytes)),
    ),
  );
}

function toChanges({ changes }: ReportData, pick: (id: string) => void): HTMLElement {
  if (!changes) return section("changes", "Since the last build", el("p", {}, "This is the first build here."));
  const { added, removed, changed } = changes;
  if (added.length + removed.length + changed.length === 0) {
    return section("changes", "Since the last build", el("p", {}, "Nothing has changed."));
  }
  const words = [
    added.length > 0 && `${plural(added.length, "function")} added`,
    removed.length > 0 && `${removed.length} removed`,
    changed.length > 0 && `${changed.length} changed`,
  ].filter((one) => one !== false);
  const link = (id: string) => {
    const button = el("button", { class: "link", type: "button" }, id);
    button.addEventListener("click", () => pick(id));
    return button;
  };
  const rows = [
    ...added.map((id) => ({ id, what: "added", bytes: undefined, gzip: undefined, by: "" })),
    ...removed.map((id) => ({ id, what: "removed", bytes: undefined, gzip: undefined, by: "" })),
    ...changed.map(({ id, bytes, gzipBytes, packages }) => {
      const by = packages.slice(0, 3).map((one) => `${one.name} ${difference(one.bytes).textContent}`);
      return {
        id,
        what: "changed",
        bytes,
        gzip: gzipBytes,
        by: by.join(", ") || "code or settings, no byte more or less",
      };
    }),
  ];
  return section(
    "changes",
    "Since the last build",
    el("p", {}, `${words.join(", ")}.`),
    toTable(
      "What changed since the last build",
      [
        { title: "Function", cell: ({ id, what }) => (what === "removed" ? id : link(id)) },
        { title: "", cell: ({ what }) => what },
        { title: "Size", right: true, cell: ({ bytes }) => (bytes === undefined ? "" : difference(bytes)) },
        { title: "Gzipped", right: true, cell: ({ gzip }) => (gzip === undefined ? "" : difference(gzip)) },
        { title: "By", cell: ({ by }) => by },
      ],
      rows,
    ),
  );
}

function toEdge({ functions, edges }: ReportData): HTMLElement {
  const all = functions.flatMap(({ routes }) => routes);
  const kept = all.filter(({ gaps }) => Object.keys(gaps).length > 0);
  const summary = edges
    .map(({ name, routes }) => `${routes.toLocaleString("en")} of ${all.length.toLocaleString("en")} on ${name}`)
    .join(", ");
  if (edges.length === 0) return section("edge", "Edge", el("p", {}, "No edge platform was asked about."));
  return section(
    "edge",
    "Which routes can run on the edge",
    el(
      "p",
      {},
      `${summary}. A route can run there when nothing that it imports or asks for is missing; judged by its imports as this build resolved them.`,
    ),
    (kept.length > 0 &&
      toTable(
        "Routes that cannot run everywhere on the edge, and why",
        [
          { title: "Route", cell: ({ pattern }) => pattern },
          {
            title: "Why not",
            cell: ({ gaps }) =>
              el(
                "ul",
                { class: "plain" },
                ...Object.entries(gaps).map(([name, why]) => el("li", {}, el("b", {}, name), " ", why)),
              ),
          },
        ],
        kept,
      )) ||
      undefined,
  );
}

function toShared({ shared, packages }: ReportData): HTMLElement {
  const often = packages.filter(({ functions }) => functions > 1);
  const routes = (one: (typeof shared)[number]) =>
    `${one.routes.join(" ")}${one.count > one.routes.length ? ` and ${one.count - one.routes.length} more` : ""}`;
  return section(
    "shared",
    "Shared code, and what the grouping did about it",
    el(
      "p",
      {},
      shared.length === 0
        ? "No two routes share code."
        : "Shared bytes are those of the source, before this platform's bundling made them less. Why each function stands alone or holds several routes is said with the function.",
    ),
    (shared.length > 0 &&
      toTable(
        "Code that routes share",
        [
          { title: "Routes", cell: (one) => routes(one) },
          { title: "Shared source", right: true, cell: ({ bytes }) => size(bytes) },
          {
            title: "Grouping",
            cell: ({ functions, count }) =>
              functions === 1
                ? "together in one function: shipped once"
                : `${plural(count, "route")} in ${plural(functions, "function")}: shipped ${functions.toLocaleString("en")} times`,
          },
        ],
        shared,
      )) ||
      undefined,
    (often.length > 0 && el("h3", {}, "Packages in several functions")) || undefined,
    (often.length > 0 &&
      toTable(
        "Packages in several functions",
        [
          { title: "Package or file", cell: ({ name }) => name },
          { title: "Functions", right: true, cell: ({ functions }) => functions.toLocaleString("en") },
          { title: "All together", right: true, cell: ({ bytes }) => size(bytes) },
        ],
        often,
      )) ||
      undefined,
  );
}

function draw(data: ReportData): void {
  const { functions } = data;
  const detail = el("div", {
    class: "detail",
    id: "detail",
    role: "region",
    "aria-label": "The chosen function",
  });
  const changed = new Map(data.changes?.changed.map((one) => [one.id, one]));
  let telling: ReturnType<typeof setTimeout> | undefined;
  const list = toList(data, (fn) => {
    detail.replaceChildren(...toDetail(fn, data, changed.get(fn.id)));
    // browsers refuse an address that changes with every arrow of a held key
    clearTimeout(telling);
    telling = setTimeout(() => history.replaceState(null, "", `#${encodeURIComponent(fn.id)}`), 300);
  });
  const pick = (id: string) => {
    if (list.choose(id)) document.querySelector("#functions")?.scrollIntoView();
  };
  const links = { functions: "Functions", edge: "Edge", shared: "Shared code", limits: "Limits" };
  document.title = `${data.app} on ${data.target} · Godwit report`;
  document.body.append(
    el("a", { class: "skip", href: "#functions" }, "Skip to the functions"),
    toHeader(data),
    el(
      "nav",
      { "aria-label": "Sections" },
      ...Object.entries(links).map(([id, name]) => el("a", { href: `#${id}` }, name)),
    ),
    el(
      "main",
      {},
      toChanges(data, pick),
      // one function has its own map below
      (functions.length > 1 &&
        section(
          "all",
          "Where the bytes are",
          toMap(
            "Functions by size",
            functions.map(({ id, bytes }) => ({ name: id, bytes })),
            { height: 300, pick },
          ),
        )) ||
        "",
      section("functions", "Functions", el("div", { class: "pair" }, list.element, detail)),
      toEdge(data),
      toShared(data),
      section("limits", "The app under the platform's limits", toLimits(data.limits, "Limits of the app")),
      (data.notices.length > 0 &&
        section(
          "notices",
          "Notes",
          el("ul", {}, ...data.notices.map((one) => el("li", {}, el("code", {}, one.code), " ", one.message))),
        )) ||
        "",
    ),
    el("footer", {}, "Made by Godwit. This page holds all that it shows and asks nobody for anything."),
  );
  if (!list.choose(wantedIn(location.hash))) list.choose(functions[0]?.id ?? "", false);
}

/** The id that an address asks for; none where its hash is no valid encoding. */
function wantedIn(hash: string): string {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return "";
  }
}

draw(JSON.parse(document.querySelector("#data")?.textContent ?? "") as ReportData); // this build wrote it into this page
