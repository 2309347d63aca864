/**
 * Lines of the functions' output: AWS's own text format, taken apart.
 * @module
 */
import type { Readable } from "node:stream";
import type { LogLine } from "@godwit/bundler/contracts";

const LEVELS: Record<string, LogLine["level"]> = {
  TRACE: "debug",
  DEBUG: "debug",
  INFO: "info",
  WARN: "warn",
  ERROR: "error",
  FATAL: "error",
};
/** Time, request id and level before the text; line breaks inside a message are carriage returns. */
const AWS_LINE = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[^\t]*\t(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t([\s\S]*)$/;

export function parseLine(text: string, source: "stdout" | "stderr"): Omit<LogLine, "function"> {
  const [, level, message] = AWS_LINE.exec(text) ?? [];
  if (level === undefined || message === undefined) return { level: source === "stderr" ? "error" : "info", text };
  return { level: LEVELS[level] ?? "info", text: message.replaceAll("\r", "\n") };
}

/** Reads one stream of a child process into the logs. */
export function readLines(
  stream: Readable,
  source: "stdout" | "stderr",
  write: (line: Omit<LogLine, "function">) => void,
): void {
  // A carriage return alone is part of a message, so readline may not take it for an end of line.
  let rest = "";
  const emit = (text: string) => {
    if (text !== "") write(parseLine(text, source));
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) emit(part);
  });
  stream.on("end", () => emit(rest));
  stream.on("error", () => {});
}
