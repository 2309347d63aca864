/**
 * What a deploy warms the cache with.
 * @module
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { GodwitError } from "@godwit/core/errors";
import type { Project } from "../project/config.ts";
import { WARM } from "./settings.ts";

/** The list of the config, or of the file that it names. Throws DEPLOY_WARM_INVALID. */
export async function warmList({ root, deploy }: Project): Promise<string[]> {
  const { warm = [] } = deploy;
  if (typeof warm !== "string") return warm;
  const text = await readFile(resolve(root, warm), "utf8").catch((cause: unknown) => {
    throw invalid(`deploy.warm names the file ${warm}, which cannot be read`, cause);
  });
  const lines = text.split("\n").map((line) => line.trim());
  const wrong = lines.findIndex((line) => line !== "" && !line.startsWith("#") && !WARM.test(line));
  if (wrong >= 0) throw invalid(`${warm}:${wrong + 1}: ${JSON.stringify(lines[wrong])} is no path and no URL`);
  return lines.filter((line) => WARM.test(line));
}

function invalid(what: string, cause?: unknown): GodwitError {
  const advice = "Give one path or URL a line, such as /popular; see docs/deploy.md. Nothing was changed.";
  return new GodwitError("DEPLOY_WARM_INVALID", `${what}. ${advice}`, { cause });
}
