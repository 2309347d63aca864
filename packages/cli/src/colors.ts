/**
 * Colours where somebody sees them: not under NO_COLOR (no-color.org), always under FORCE_COLOR but 0, else on a terminal.
 * @module
 */
import picocolors from "picocolors";

/** Whether to colour, by the environment and by what standard output is. */
export function isColoured(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return !/^(?:0|false)$/.test(env.FORCE_COLOR);
  return isTerminal && env.TERM !== "dumb";
}

const colors: ReturnType<typeof picocolors.createColors> = picocolors.createColors(
  isColoured(process.env, process.stdout.isTTY === true),
);
export default colors;
