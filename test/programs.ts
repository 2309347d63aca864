/**
 * Programs that tests need and npm does not bring.
 * @module
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * The path of a program: from PATH, else, as root on Debian, installed with apt-get. Throws where there is none, with
 * what to do: a test that cannot run is no test that passed.
 *
 * @example const executablePath = findProgram("chromium", "chromium");
 */
export function findProgram(name: string, debianPackage: string): string {
  const found = search(name);
  if (found) return found;
  if (process.platform === "linux" && process.getuid?.() === 0 && search("apt-get")) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const options = { env, stdio: "ignore", timeout: 280_000 } as const;
    const install = () => spawnSync("apt-get", ["install", "-y", "--no-install-recommends", debianPackage], options);
    if (install().status !== 0) {
      spawnSync("apt-get", ["update"], options);
      install();
    }
    const installed = search(name);
    if (installed) return installed;
  }
  throw new Error(`This test needs ${name} on the PATH: install the Debian package ${debianPackage}.`);
}

function search(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return undefined;
}
