/**
 * A tail of every Worker of the stage, over a WebSocket each. Cloudflare keeps no lines for a tail: what came before it
 * began is in Workers Logs, in the dashboard.
 * developers.cloudflare.com/api/resources/workers/subresources/scripts/subresources/tail
 * @module
 */
import type { LogLine } from "../../contracts.ts";
import { ownedBy } from "./names.ts";
import type { Stage } from "./stage.ts";
import { listScripts } from "./state.ts";

/** One invocation, as a tail tells it. */
interface Trace {
  scriptName?: string | null;
  eventTimestamp?: number | null;
  logs?: { message: unknown[]; level?: string; timestamp: number }[];
  exceptions?: { name: string; message: string; timestamp: number }[];
}

interface Tail {
  id: string;
  url: string;
}

const SCOPE = "Workers Tail: Read";
/** Milliseconds that a tail without `follow` listens. */
const GLANCE = 5000;

export async function* readLogs(
  stage: Stage,
  { follow, signal }: { follow: boolean; signal: AbortSignal },
): AsyncGenerator<LogLine> {
  const { client, account } = stage;
  const scripts = (await listScripts(stage)).filter(
    ({ tags }) => ownedBy(tags, stage, "front") || ownedBy(tags, stage, "part"),
  );
  const waiting: LogLine[] = [];
  let wake = (): void => {};
  let open = scripts.length;
  const end = follow ? signal : AbortSignal.any([signal, AbortSignal.timeout(GLANCE)]);
  const paths = scripts.map(({ id }) => `/accounts/${account}/workers/scripts/${id}/tails`);
  const tails = await Promise.all(
    paths.map((path) =>
      client.call<Tail>({ name: "start a tail", method: "POST", path, json: { filters: [] }, scope: SCOPE }),
    ),
  );
  const sockets = tails.map(({ url }, index) => {
    const socket = new WebSocket(url, "trace-v1");
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      const text = typeof data === "string" ? data : Buffer.from(data as ArrayBuffer).toString("utf8"); // by binaryType
      waiting.push(...toLines(text, scripts[index]?.id ?? ""));
      wake();
    });
    socket.addEventListener("close", () => {
      open--;
      wake();
    });
    return socket;
  });
  const stop = (): void => {
    for (const socket of sockets) socket.close();
    wake();
  };
  end.addEventListener("abort", stop);
  try {
    while (true) {
      const line = waiting.shift();
      if (line) yield line;
      else if (end.aborted || open === 0) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    end.removeEventListener("abort", stop);
    stop();
    // A tail ends by itself after six hours, so that nobody needs to hear of one that could not be ended.
    await Promise.all(
      tails.map(({ id }, index) =>
        client
          .call({ name: "end a tail", method: "DELETE", path: `${paths[index]}/${id}`, scope: SCOPE, absent: [] })
          .catch(() => {}),
      ),
    );
  }
}

export function toLines(text: string, script: string): LogLine[] {
  let trace: Trace;
  try {
    trace = JSON.parse(text) as Trace; // as the tail's protocol trace-v1 has it
  } catch {
    return []; // thrown in a socket's event, it would end the command
  }
  const lines = [
    ...(trace.logs ?? []).map(({ message, timestamp }) => ({ at: timestamp, text: message.map(toText).join(" ") })),
    ...(trace.exceptions ?? []).map(({ name, message, timestamp }) => ({ at: timestamp, text: `${name}: ${message}` })),
  ];
  return lines.map((line) => ({ ...line, function: trace.scriptName ?? script }));
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
