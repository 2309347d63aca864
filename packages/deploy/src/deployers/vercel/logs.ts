/**
 * Lines of the live release, as its functions wrote them.
 * https://vercel.com/docs/rest-api/reference/endpoints/logs/get-logs-for-a-deployment
 * @module
 */
import type { Clock, Deployer, LogLine } from "../../contracts.ts";
import type { Api } from "./client.ts";
import type { Project } from "./project.ts";

/** One line of the stream, a JSON object. */
interface Row {
  timestampInMs?: number;
  message?: string;
  requestPath?: string;
  source?: string;
}

/** Milliseconds before a stream that ended is opened again. */
const PAUSE = 1000;
/** Characters of a line that is no JSON yet. */
const LONGEST = 1_000_000;

type LogOptions = Parameters<NonNullable<Deployer["logs"]>>[0];

export function createLogs(api: Api, project: Project, clock: Clock): NonNullable<Deployer["logs"]> {
  async function* read({ follow, since, signal }: LogOptions): AsyncGenerator<LogLine> {
    const { id, targets } = await project.get();
    const deployment = targets?.production?.id;
    if (deployment === undefined) return;
    const path = `/v1/projects/${encodeURIComponent(id)}/deployments/${encodeURIComponent(deployment)}/runtime-logs`;
    const stream = await api.stream({ name: "read logs", path, query: follow ? { follow: "1" } : {} });
    const reader = stream.getReader();
    const stop = () => void reader.cancel().catch(() => {}); // a stream that broke has ended as well
    signal.addEventListener("abort", stop, { once: true });
    try {
      const decoder = new TextDecoder();
      let rest = "";
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const lines = `${rest}${decoder.decode(next.value, { stream: true })}`.split("\n");
        rest = (lines.pop() ?? "").slice(-LONGEST);
        for (const line of lines) {
          const row = toLine(line);
          if (row && row.at >= since) yield row;
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  }

  return async function* logs({ follow, since, signal }) {
    // Vercel ends each stream after a while; the next one begins with lines that were seen.
    let from = since;
    let newest: string[] = [];
    for (;;) {
      const seen = new Set(newest);
      try {
        for await (const line of read({ follow, since: from, signal })) {
          const key = JSON.stringify(line);
          if (seen.has(key)) continue;
          if (line.at > from) newest = [];
          from = Math.max(from, line.at);
          newest.push(key);
          yield line;
        }
      } catch (error) {
        if (!follow || !(error instanceof Error) || error.name !== "TimeoutError") throw error;
      }
      if (!follow || signal.aborted) return;
      project.forget(); // another release may be live by now
      await clock.sleep(PAUSE, signal);
    }
  };
}

function toLine(line: string): LogLine | undefined {
  try {
    const { timestampInMs = 0, message = "", requestPath, source } = JSON.parse(line) as Row;
    return { at: timestampInMs, function: requestPath ?? source ?? "", text: message.trimEnd() };
  } catch {
    return undefined; // the stream keeps itself open with empty lines
  }
}
