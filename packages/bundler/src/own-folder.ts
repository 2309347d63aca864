/**
 * `.godwit/` in an app's folder: what Godwit keeps there is nothing to commit.
 * @module
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Makes the folder where there is none, and gives its path. Throws what `node:fs` throws. */
export function openOwnFolder(root: string): string {
  const folder = join(root, ".godwit");
  mkdirSync(folder, { recursive: true });
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  return folder;
}
