import type { Link } from "./links.ts";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}

/** Whatever a template is given is escaped; lists are joined. */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function markup(parts: TemplateStringsArray, ...values: (string | number | Markup | Markup[])[]): Markup {
  const texts = values.map((value) =>
    [value]
      .flat()
      .map((one) => (one instanceof Markup ? one.text : escapeHtml(String(one))))
      .join(""),
  );
  return new Markup(String.raw({ raw: parts }, ...texts));
}

export function page(links: readonly Link[]): string {
  const rows = links.map(
    ({ slug, url, note, hits }) => markup`
      <tr><td><a href="/${slug}">/${slug}</a></td><td>${url}</td><td>${note}</td><td>${hits}</td></tr>`,
  );
  return markup`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Links</title>
    <style>
      body { font: 1rem/1.5 system-ui; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
      table { border-collapse: collapse; width: 100% }
      th, td { text-align: left; padding: .25rem .5rem; overflow-wrap: anywhere }
    </style>
  </head>
  <body>
    <h1>Links</h1>
    <table>
      <thead><tr><th>Short</th><th>Leads to</th><th>Note</th><th>Visits</th></tr></thead>
      <tbody>${rows}
      </tbody>
    </table>
    <p>${links.length ? "" : "There are none yet. "}Make one with <code>POST /links</code>.</p>
  </body>
</html>
`.text;
}
