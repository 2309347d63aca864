/**
 * Lines of the live release, as its functions wrote them.
 * https://vercel.com/docs/rest-api/reference/endpoints/logs/get-logs-for-a-deployment
 * @module
 */
import type { Clock, Deployer, LogLine } from "../../contracts.ts";
import { CallError } from "../../engine/retry.ts";
import type { Api } from "./client.ts";
import type { Project } from "./project.ts";

/** One line of the stream, a JSON object. */
interface Row {
  rowId?: string;
  timestampInMs?: number;
  message?: string;
  requestPath?: string;
  source?: string;
}

interface Told extends LogLine {
  /** The same whenever the line comes. */
  row: string;
}

/** Milliseconds before a stream that ended is opened again. */
const PAUSE = 1000;
/** Streams, one after the other, that may break without a new line. */
const PATIENCE = 5;
/** Characters of a line that is no JSON yet. */
const LONGEST = 1_000_000;
/** Lines that are remembered; a stream that begins again may tell those of the last seconds again, in any order. */
const KNOWN = 10_000;
const OVERLAP = 60_000;

type LogOptions = Parameters<NonNullable<Deployer["logs"]>>[0];

export function createLogs(api: Api, project: Project, clock: Clock): NonNullable<Deployer["logs"]> {
  async function* read({ follow, since, signal }: LogOptions): AsyncGenerator<Told> {
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
    } catch (cause) {
      if (cause instanceof Error && cause.name === "TimeoutError") return; // the call's own end: nobody logged much
      throw new CallError("read logs", `Vercel's stream of lines broke off: ${cause}`, { cause });
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  }

  return async function* logs({ follow, since, signal }) {
    const known = new Set<string>();
    let newest = since;
    for (let broken = 0; ; ) {
      try {
        for await (const { row, ...line } of read({ follow, since: Math.max(since, newest - OVERLAP), signal })) {
          if (known.has(row)) continue;
          known.add(row);
          for (const oldest of known) {
            if (known.size <= KNOWN) break;
            known.delete(oldest);
          }
          newest = Math.max(newest, line.at);
          broken = 0;
          yield line;
        }
        broken = 0;
      } catch (error) {
        // Vercel ends each stream after a while, and what stands between may cut it.
        if (!follow || !(error instanceof CallError && error.transient) || ++broken >= PATIENCE) throw error;
      }
      if (!follow || signal.aborted) return;
      project.forget(); // another release may be live by now
      await clock.sleep(PAUSE, signal);
    }
  };
}

/** Undefined for what is no line: the stream keeps itself open with empty ones. */
export function toLine(text: string): Told | undefined {
  try {
    const { rowId, timestampInMs = 0, message = "", requestPath, source } = JSON.parse(text) as Row;
    // Functions lie below a folder of their own, and `index` has another name there: adapters/src/vercel/front.ts.
    const id = (requestPath ?? source ?? "").replace(/^\/_godwit\/_?/, "");
    return { row: rowId ?? text, at: timestampInMs, function: id, text: message.trimEnd() };
  } catch {
    return undefined;
  }
}
