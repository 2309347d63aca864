/**
 * Shows a file or an address in the user's browser.
 * @module
 */
import { spawn } from "node:child_process";

/**
 * False when nothing here opens one: the address that was printed is the way then. The variable `BROWSER` names the
 * program, or is `none`.
 */
export function openInBrowser(address: string): Promise<boolean> {
  if (process.env.BROWSER === "none") return Promise.resolve(false);
  const [command, ...args] = opener(process.platform);
  return new Promise((resolve) => {
    const child = spawn(command, [...args, address], { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}

function opener(platform: NodeJS.Platform): [command: string, ...args: string[]] {
  if (process.env.BROWSER) return [process.env.BROWSER];
  if (platform === "darwin") return ["open"];
  // `start` is the shell's own, and would read an ampersand in a path; Explorer takes files and addresses as they are
  if (platform === "win32") return ["explorer.exe"];
  return ["xdg-open"];
}
