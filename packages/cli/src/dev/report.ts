/**
 * What `godwit dev` says while it runs: words on a terminal, one JSON object a line for a pipe.
 * @module
 */
import type { DevChange, DevFailure, Notice } from "@godwit/bundler";
import type { LogLine } from "@godwit/bundler/contracts";
import colors from "../colors.ts";
import { formatLog } from "../log-lines.ts";
import { note, print } from "../output.ts";
import { type Access, formatAccess } from "./access.ts";
import { placeOf } from "./failures.ts";
import type { Frame } from "./frame.ts";
import { foldStacks } from "./stack.ts";

export interface Ready {
  app: string;
  target: string;
  /** Where this machine finds it, and where others do. */
  url: string;
  network: string[];
  milliseconds: number;
}

export interface Reporter {
  ready(ready: Ready): void;
  answer(access: Access): void;
  change(change: Pick<DevChange, "updated" | "added" | "removed">): void;
  failure(failure: DevFailure): void;
  mended(failures: readonly DevFailure[]): void;
  /** What a function has logged; `found` is the user's own line behind an error. */
  log(line: LogLine, found?: Frame | null): void;
  /** Something that runs here and will not where it is deployed. */
  warn(notice: Notice): void;
  /** Anything else worth a line. */
  say(message: string): void;
}

/** Events go to standard output, what functions log to standard error as they wrote it. */
export function reportJson(): Reporter {
  const write = (event: string, members: object): void => print(JSON.stringify({ event, ...members }));
  return {
    ready: (ready) => write("ready", { ...ready, milliseconds: Math.round(ready.milliseconds) }),
    answer: (access) => write("request", { ...access, ms: Number(access.ms.toFixed(1)) }),
    change: ({ updated, added, removed }) => write("change", { updated, added, removed }),
    failure: (failure) => write("failure", failure),
    mended: (failures) => write("mended", { failures: failures.map(({ code, file }) => ({ code, file })) }),
    log: ({ text }) => note(text),
    warn: ({ code, message }) => write("warning", { code, message }),
    say: (message) => write("note", { message }),
  };
}

/** For a person at a terminal. */
export function reportWords(): Reporter {
  return {
    ready({ app, target, url, network, milliseconds }) {
      const time = colors.dim(`ready in ${milliseconds.toFixed(0)} ms`);
      print(`\n  ${colors.green(colors.bold("godwit"))} ${colors.bold(app)} on ${target} ${time}\n`);
      print(`  ${colors.green("➜")}  Local:   ${colors.cyan(url)}`);
      for (const address of network) print(`  ${colors.green("➜")}  Network: ${colors.cyan(address)}`);
      if (process.stdin.isTTY) print(colors.dim(`  ➜  press ${colors.bold("h")} for help`));
      print();
    },
    answer: (access) => print(formatAccess(access)),
    change({ updated, added, removed }) {
      const parts = [
        ...(updated.length > 0 ? [`updated ${shorten(updated)}`] : []),
        ...(added.length > 0 ? [`added ${shorten(added)}`] : []),
        ...(removed.length > 0 ? [`removed ${shorten(removed)}`] : []),
      ];
      if (parts.length > 0) print(colors.dim(parts.join(", ")));
    },
    failure(failure) {
      const place = placeOf(failure);
      note(
        `${colors.red("error")} ${colors.bold(failure.code)}${place && ` ${colors.cyan(place)}`}\n${failure.message}`,
      );
      if (failure.frame && !failure.message.includes(failure.frame)) note(failure.frame);
      else if (failure.stack) note(colors.dim(failure.stack));
    },
    mended: (failures) => {
      const files = new Set(failures.map(({ file, code }) => file ?? code));
      print(`${colors.green("mended")} ${[...files].join(", ")}`);
    },
    log(line, found) {
      note(foldStacks(formatLog(line)));
      if (found) note(`  ${colors.cyan(found.place)}\n${found.frame}`);
    },
    warn: ({ code, message }) => note(`${colors.yellow("warning")} ${colors.bold(code)} ${message}`),
    say: (message) => print(message),
  };
}

const MOST = 3;

function shorten(names: readonly string[]): string {
  const rest = names.length - MOST;
  return names.slice(0, MOST).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
