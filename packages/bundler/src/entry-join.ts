/**
 * A function's entry and its `godwit:app` as one module: for 1,000 functions esbuild asks for 1,000 sources, not 2,000.
 * @module
 */

const IMPORT = 'import app from "godwit:app";\n';
const KEYWORDS = new Set(["as", "await", "const", "default", "export", "from", "import", "true", "false", "undefined"]);

/**
 * The entry with the app's source in the place of its import, which comes first, so that modules run in the same order;
 * undefined where the two stay apart, since the entry wants more of the app or a name stands in both.
 */
export function joinSources(entry: string, app: string): string | undefined {
  if (!entry.startsWith(IMPORT)) return undefined;
  const rest = entry.slice(IMPORT.length);
  const body = app
    .replace("export const env = undefined;\n", "")
    .replace("export { env };\n", "")
    .replace("export default createApp(", "const app = createApp(");
  const names = namesIn(body);
  const apps = names.filter((name) => name === "app").length;
  if (apps !== 1 || names.includes("export") || rest.includes('"godwit:app"')) return undefined;
  const theirs = new Set(namesIn(rest));
  const clash = names.some((name) => name !== "app" && !KEYWORDS.has(name) && theirs.has(name));
  return clash ? undefined : body + rest;
}

/** Words outside of texts: generated code has double quotes alone, and no comments. */
function namesIn(code: string): string[] {
  return code.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').match(/[\w$]+/g) ?? [];
}
