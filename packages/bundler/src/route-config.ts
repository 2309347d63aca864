/**
 * `export const config` of a route file, read from its syntax tree.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { type Literal, NotLiteral, readLiteral, readProperties } from "./config-literal.ts";
import type { RouteConfig } from "./contracts.ts";
import { parseDuration } from "./duration.ts";
import { findExport, locate, type Syntax, unwrap } from "./syntax.ts";

/** For each key, what it takes and whether a value is that. */
const KEYS: Record<keyof RouteConfig, [expected: string, test: (value: Literal) => boolean]> = {
  group: ['a name of lower-case letters, digits and hyphens, such as "admin"', isName],
  includeFiles: ['globs relative to the app\'s folder, such as ["data/*.json"]', isGlobs],
  memory: ["megabytes, a whole number from 1 to 65536", (value) => isWhole(value, 65_536)],
  regions: ['names of regions, such as ["fra1"]', isNames],
  runtime: ['a runtime, such as "edge" or "node"', (value) => typeof value === "string" && value !== ""],
  schedule: ['five cron fields in UTC, in numbers, such as "*/5 * * * *"', isCron],
  split: ["true or false", (value) => typeof value === "boolean"],
  timeout: [
    'a duration, such as "500ms", "5s" or "1m"',
    (value) => typeof value === "string" && parseDuration(value) !== undefined,
  ],
};

/** The config of a route file, `{}` without one. Throws CONFIG_NOT_LITERAL, CONFIG_KEY_UNKNOWN and CONFIG_VALUE. */
export function readRouteConfig(syntax: Syntax): RouteConfig {
  // the name in plain letters or with escapes, or there is none
  const exported = /config|\\u/.test(syntax.text) ? findExport(syntax, "config") : undefined;
  if (!exported) return {};
  const value = exported.value && unwrap(exported.value);
  if (value?.type !== "ObjectExpression") throw notLiteral(syntax, exported.node.start, "it is no object literal");
  const config: Record<string, Literal> = {};
  try {
    for (const property of readProperties(value)) {
      const literal = readLiteral(property.value);
      if (literal === undefined) continue;
      check(syntax, property.name, literal, property.at);
      config[property.name] = literal;
    }
  } catch (error) {
    if (error instanceof NotLiteral) throw notLiteral(syntax, error.at, error.message);
    throw error;
  }
  return config as RouteConfig; // every key was checked above
}

/** For a config that the file re-exports: it is not in the file's own tree. */
export function notLiteral(syntax: Syntax, at: number, why: string): GodwitError {
  const message = `\`config\` must be a literal, written as \`export const config = { ... }\` in this file: ${why}. The build reads it without running the file.`;
  return new GodwitError("CONFIG_NOT_LITERAL", locate(syntax, at, message));
}

function check(syntax: Syntax, name: string, value: Literal, at: number): void {
  const known = Object.entries(KEYS).find(([key]) => key === name);
  if (!known) {
    const message = `config has no key "${name}". Its keys are ${Object.keys(KEYS).join(", ")}.`;
    throw new GodwitError("CONFIG_KEY_UNKNOWN", locate(syntax, at, message));
  }
  const [expected, test] = known[1];
  if (test(value)) return;
  const message = `config.${name} takes ${expected}, not ${JSON.stringify(value)}.`;
  throw new GodwitError("CONFIG_VALUE", locate(syntax, at, message));
}

function isWhole(value: Literal, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most;
}

function isName(value: Literal): boolean {
  return typeof value === "string" && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(value) && value.length <= 40;
}

function isNames(value: Literal): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string" && name !== "");
}

/** Copied paths stay below the app's folder. */
function isGlobs(value: Literal): boolean {
  return (
    isNames(value) && Array.isArray(value) && value.every((glob) => !/^\/|(?:^|\/)\.\.(?:\/|$)/.test(String(glob)))
  );
}

/** Least and most of each field. Numbers alone: names of months and days are not read alike by every platform. */
const CRON = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12 },
  { low: 0, high: 7 },
];

/** Whether a value is a `schedule`: five fields in numbers. */
export function isCron(value: Literal): boolean {
  const fields = typeof value === "string" ? value.split(" ") : [];
  return (
    fields.length === CRON.length &&
    CRON.every(({ low, high }, at) =>
      (fields[at] ?? "").split(",").every((part) => {
        const [, range = "", step] = /^([^/]+)(?:\/([1-9]\d?))?$/.exec(part) ?? [];
        if (range === "*") return true;
        const bounds = range.split("-").map((text) => (/^\d{1,2}$/.test(text) ? Number(text) : Number.NaN));
        const [from = Number.NaN, to = step ? high : from] = bounds;
        return bounds.length <= 2 && from >= low && to <= high && from <= to;
      }),
    )
  );
}
