/**
 * 7. check: no secret may stand in a bundle. Whoever can read a function's code could read it.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { BuiltFunction } from "./contracts.ts";

export interface SecretInput {
  functions: BuiltFunction[];
  /** Name -> value. */
  values: Record<string, string>;
  /** Strings that look like secrets and are none. */
  allow: readonly string[];
}

/** Shorter values stand in any bundle by chance. */
const SHORTEST = 8;

/**
 * Shapes that their issuers made recognisable. Each is linear: bounded repeats of one class. A private key needs its
 * base64 behind the header, since libraries that read keys hold the header alone.
 */
const SHAPES: Record<string, RegExp> = {
  "an AWS access key": /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g,
  "an AWS secret key": /aws_?secret_?access_?key["'`]?\s{0,3}[:=]\s{0,3}["'`][A-Za-z0-9/+]{40}["'`]/gi,
  "a private key": /-----BEGIN (?:[A-Z]{2,9} )?PRIVATE KEY-----(?:\\r|\\n|\s){0,4}[A-Za-z0-9+/=]{40}/g,
  "a GitHub token": /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b/g,
  "a Stripe key": /\b[rs]k_live_[A-Za-z0-9]{20,99}\b/g,
  "a Slack token": /\bxox[abeoprs]-[0-9]{8,14}-[A-Za-z0-9-]{10,80}/g,
  "a Google API key": /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g,
  "an npm token": /\bnpm_[A-Za-z0-9]{36}\b/g,
  "a SendGrid key": /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g,
  "an OpenAI key": /\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}/g,
  "an Anthropic key": /\bsk-ant-[a-z]{3}[0-9]{2}-[A-Za-z0-9_-]{40,200}/g,
};

/**
 * Throws SECRET_IN_BUNDLE, naming each secret's kind or variable, its function and file, and never the secret itself.
 */
export function checkSecrets({ functions, values, allow }: SecretInput): void {
  const secrets = Object.entries(values).filter(([, value]) => value.length >= SHORTEST && !allow.includes(value));
  const found = new Map<Uint8Array, Find[]>();
  const lines: string[] = [];
  for (const { plan, files, maps } of functions) {
    for (const { path, contents } of files) {
      const finds = found.get(contents) ?? search(contents, secrets, allow);
      found.set(contents, finds);
      for (const { kind, text } of finds) {
        const source = sourceOf(maps.find((map) => map.path === `${path}.map`)?.contents, text);
        lines.push(`${kind} in function ${plan.id}, ${source ?? path}`);
      }
    }
  }
  if (lines.length === 0) return;
  const shown = [...new Set(lines)].slice(0, 20);
  throw new GodwitError(
    "SECRET_IN_BUNDLE",
    `Secrets stand in the code that would ship:\n${shown.join("\n")}\nRead them from context.env at run time. ` +
      "What is none goes into `allowSecrets`.",
  );
}

interface Find {
  kind: string;
  /** Never printed. */
  text: string;
}

function search(contents: Uint8Array, secrets: [string, string][], allow: readonly string[]): Find[] {
  const text = Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength).toString("utf8");
  const finds: Find[] = [];
  for (const [name, value] of secrets) {
    const written = [value, JSON.stringify(value).slice(1, -1)].find((form) => text.includes(form));
    if (written !== undefined) finds.push({ kind: `the value of ${name}`, text: written });
  }
  for (const [kind, shape] of Object.entries(SHAPES)) {
    for (const [match] of text.matchAll(shape)) {
      if (!match.includes("EXAMPLE") && !allow.some((word) => word.includes(match) || match.includes(word))) {
        finds.push({ kind, text: match });
      }
    }
  }
  return [...new Map(finds.map((find) => [`${find.kind} ${find.text}`, find])).values()];
}

/** The author's file that holds it, as the source map has it. */
function sourceOf(map: Uint8Array | undefined, secret: string): string | undefined {
  if (!map) return undefined;
  const { sources, sourcesContent } = JSON.parse(Buffer.from(map).toString()) as SourceMap; // written by this build
  const at = sourcesContent?.findIndex((content) => content?.includes(secret)) ?? -1;
  return sources[at];
}

interface SourceMap {
  sources: string[];
  sourcesContent?: (string | null)[];
}
