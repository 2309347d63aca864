/**
 * `report.html`: one self-contained page. Style and script are in it, allowed by their hashes alone, so that neither a
 * name in the data nor anything else can load or run a thing.
 * @module
 */
import { createHash } from "node:crypto";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { STYLE } from "./report-style.ts";

let script: Promise<string> | undefined;

/** The page of a report, given as its JSON. */
export async function toPage(json: string): Promise<string> {
  script ??= bundleScript();
  const code = await script;
  const policy = [
    "default-src 'none'",
    `style-src '${hash(STYLE)}'`,
    `script-src '${hash(code)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Godwit report</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<noscript><p>This page draws itself with its own script. The same data is in report.json beside it.</p></noscript>
<script type="application/json" id="data">${escapeJson(json)}</script>
<script>${code}</script>
</body>
</html>
`;
}

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Cpath fill='%230e7c86' d='M0 0h4v8H0z'/%3E%3Cpath fill='%23d97706' d='M4.5 0H8v4H4.5zM4.5 4.5H8V8H4.5z'/%3E%3C/svg%3E";

/** JSON inside a script element: neither `</script>` nor `<!--` can stand in it. */
export function escapeJson(json: string): string {
  return json.replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** The page's script is beside this file: TypeScript in the repository, JavaScript in the package. */
async function bundleScript(): Promise<string> {
  const file = new URL(`./report-page${extname(import.meta.url)}`, import.meta.url);
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(file)],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
    tsconfigRaw: {},
  });
  return outputFiles[0]?.text.trim() ?? "";
}
