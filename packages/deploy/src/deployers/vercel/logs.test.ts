import assert from "node:assert/strict";
import { test } from "node:test";
import { CallError } from "../../engine/retry.ts";
import type { Api } from "./client.ts";
import { createLogs, toLine } from "./logs.ts";
import type { Project } from "./project.ts";

const row = (id: string, at: number) =>
  JSON.stringify({ rowId: id, timestampInMs: at, message: `line ${id}\n`, requestPath: "/_godwit/_index" });

/** Each stream in turn: its rows, and then its end, or that it breaks. The last one comes again and again. */
function logsOf(streams: { rows: string[]; breaks?: string }[]) {
  const opened: number[] = [];
  const stream = async (): Promise<ReadableStream<Uint8Array>> => {
    const at = Math.min(opened.length, streams.length - 1);
    opened.push(at);
    const { rows, breaks } = streams[at] ?? { rows: [] };
    const parts = rows.map((one) => new TextEncoder().encode(`${one}\n`));
    return new ReadableStream({
      pull(controller) {
        const part = parts.shift();
        if (part) controller.enqueue(part);
        else if (breaks !== undefined) controller.error(Object.assign(new Error("terminated"), { name: breaks }));
        else controller.close();
      },
    });
  };
  const api: Api = { protocol: "https:", call: () => Promise.reject(new Error("no call is made")), stream };
  const live = { id: "prj_1", name: "links", targets: { production: { id: "dpl_1" } } };
  const project = { get: async () => live, forget() {} } as unknown as Project; // what logs ask of it
  const clock = { now: () => 0, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  return { logs: createLogs(api, project, clock), opened };
}

test("a stream that ends or breaks is opened again, and each line is told once, of the function's id", async () => {
  const { logs, opened } = logsOf([
    { rows: [row("a", 10), row("b", 10)], breaks: "TypeError" },
    { rows: [row("b", 10), row("a", 10), row("late", 9)] },
    { rows: ["", row("a", 10), row("c", 11)], breaks: "TimeoutError" },
    { rows: [row("d", 12)] },
  ]);
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const line of logs({ follow: true, since: 0, signal: stop.signal })) {
    assert.equal(line.function, "index");
    seen.push(line.text);
    if (line.text === "line d") stop.abort();
  }
  assert.deepEqual(seen, ["line a", "line b", "line late", "line c", "line d"]);
  assert.deepEqual(opened, [0, 1, 2, 3]);
});

test("streams that break and bring nothing new are given up, and without --follow at once", async () => {
  const read = async (follow: boolean) => {
    const { logs, opened } = logsOf([{ rows: [row("a", 1)], breaks: "TypeError" }]);
    const lines: string[] = [];
    const reading = (async () => {
      for await (const { text } of logs({ follow, since: 0, signal: new AbortController().signal })) lines.push(text);
    })();
    await assert.rejects(reading, (error) => error instanceof CallError && /terminated/.test(error.message));
    assert.deepEqual(lines, ["line a"]);
    return opened.length;
  };
  assert.equal(await read(true), 5);
  assert.equal(await read(false), 1);
});

test("a line is of the path that was asked for, where Vercel says that, and what is no line is left out", () => {
  const of = (requestPath: string) => toLine(JSON.stringify({ requestPath }))?.function;
  assert.deepEqual(["/_godwit/word", "/word", "/"].map(of), ["word", "/word", "/"]);
  assert.equal(toLine("{"), undefined);
});
