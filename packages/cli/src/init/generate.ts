/**
 * The files that `godwit generate` writes: where they stand in `routes/`, and what docs/routing.md and
 * docs/middleware.md show.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { parsePattern, printPattern } from "@godwit/core/pattern";

export interface Generated {
  /** Relative to the app's folder. */
  file: string;
  text: string;
  /** The pattern that the file answers, or wraps. */
  pattern: string;
}

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY"] as const;
export type Method = (typeof METHODS)[number];

interface Place {
  /** Below `routes/`, without an ending; empty for its root. */
  path: string;
  pattern: string;
  params: string[];
}

/** A route file with a handler for each method. Throws GENERATE_NAME_INVALID and PATTERN_INVALID. */
export function routeFile(name: string, methods: readonly Method[]): Generated {
  const { path, pattern, params } = toPlace(name);
  const imports = new Set<string>();
  const use = (imported: string) => {
    imports.add(imported);
    return imported.replace("type ", "");
  };
  const takes = params.length > 0 ? `, context: ${use("type Context")}<${JSON.stringify(pattern)}>` : "";
  const values = params.map((param) => `${param}: context.params.${param}`);
  const object = (more: string[] = []) => {
    const members = [...values, ...more];
    return members.length > 0 ? `{ ${members.join(", ")} }` : "{ ok: true }";
  };
  const handlers = methods.map((method) => {
    const open = (async: string, request: string) => `export ${async}function ${method}(${request}${takes}) {`;
    const unread = takes ? "_request: Request" : "";
    if (method === "GET") return `${open("", unread)}\n  return ${use("json")}(${object()});\n}\n`;
    if (method === "HEAD" || method === "OPTIONS" || method === "DELETE")
      return `export function ${method}() {\n  return ${use("noContent")}();\n}\n`;
    const status = method === "POST" ? ", { status: 201 }" : "";
    return `${open("async ", "request: Request")}
  const body: unknown = await request.json().catch(() => {
    throw new ${use("HttpError")}(400, { detail: "The body is not JSON." });
  });
  return ${use("json")}(${object(["body"])}${status});
}
`;
  });
  // DELETE and the like alone read no parameter
  if (!handlers.some((handler) => handler.includes("Context<"))) imports.delete("type Context");
  return { file: `routes/${path || "index"}.ts`, text: `${importLine(imports)}\n${handlers.join("\n")}`, pattern };
}

/** A route that a clock calls. Throws as `routeFile` does, and GENERATE_NAME_INVALID where there are parameters. */
export function scheduleFile(name: string, cron: string): Generated {
  const { path, pattern, params } = toPlace(name);
  if (params.length > 0) {
    throw invalid(name, "nobody gives a schedule its parameters. Use plain text alone");
  }
  const imports = new Set(["type Context", "HttpError", "noContent"]);
  const text = `${importLine(imports)}
export const config = { schedule: ${JSON.stringify(cron)} };

export function GET(_request: Request, context: Context<${JSON.stringify(pattern)}>) {
  // no request from outside has this trigger
  if (context.trigger !== "schedule") throw new HttpError(404);
  context.log.info("${pattern.replaceAll(/[^\w/-]/g, "-")} ran");
  return noContent();
}
`;
  return { file: `routes/${path || "index"}.ts`, text, pattern };
}

/** A middleware of a folder; without a name, of the whole app. Throws GENERATE_NAME_INVALID and PATTERN_INVALID. */
export function middlewareFile(name: string): Generated {
  const { path, pattern } = toPlace(name.replace(/(?:^|\/)_middleware(?:\.ts)?$/, ""));
  const own = `const noStore: Middleware = async (_request, _context, next) => {
  const response = await next();
  const answer = new Response(response.body, response);
  answer.headers.set("cache-control", "no-store");
  return answer;
};
`;
  const type = 'import type { Middleware } from "@godwit/core";\n';
  if (path !== "")
    return { file: `routes/${path}/_middleware.ts`, text: `${type}\n${own}\nexport default noStore;\n`, pattern };
  const text = `${type}import { logger } from "@godwit/core/middleware/logger";
import { requestId } from "@godwit/core/middleware/request-id";

${own}
export default [requestId(), logger(), noStore];
`;
  return { file: "routes/_middleware.ts", text, pattern };
}

function importLine(imports: ReadonlySet<string>): string {
  const word = (name: string) => name.replace("type ", "").toLowerCase();
  const names = [...imports].sort((a, b) => (word(a) < word(b) ? -1 : 1));
  return `import { ${names.join(", ")} } from "@godwit/core";\n`;
}

/** `/users/[id]`, `users/[id]` and `routes/users/[id].ts` are one name. */
function toPlace(name: string): Place {
  const plain = name
    .replace(/^\/+/, "")
    .replace(/^routes(?:\/|$)/, "")
    .replace(/\.ts$/, "")
    .replace(/\/+$/, "");
  const path = plain.replace(/(?:^|\/)index$/, "") === "" ? "" : plain;
  const texts = path === "" ? [] : path.split("/");
  for (const text of texts) {
    const foreign = /^[:*$](\w*)\??$/.exec(text);
    if (foreign)
      throw invalid(name, `a parameter is written ${text.startsWith("*") ? "[...path]" : `[${foreign[1] || "id"}]`}`);
    if (/^[_.]/.test(text) && text !== ".well-known") throw invalid(name, `what begins with ${text[0]} is no route`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get into a file's name
    if (/[\0-\x1f\x7f\\]/.test(text)) throw invalid(name, "it has a character that no path has");
  }
  if (/\.(?:test|d)$/.test(path) || texts.includes("node_modules")) throw invalid(name, "such files are passed over");
  const own = texts.filter((text) => !/^\(.+\)$/.test(text));
  if (own.at(-1) === "index") own.pop();
  const segments = parsePattern(`/${own.join("/")}`);
  const params = segments.filter(({ kind }) => kind !== "static").map(({ value }) => value);
  return { path, pattern: printPattern(segments), params };
}

function invalid(name: string, why: string): GodwitError {
  return new GodwitError(
    "GENERATE_NAME_INVALID",
    `${JSON.stringify(name)} names no route file: ${why}. A name is a path such as users/[id]; docs/routing.md has all forms.`,
  );
}
