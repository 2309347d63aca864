/**
 * A debugger as editors are one: reads the source maps of scripts as they come, and sets breakpoints by the user's own
 * file and line, over the Chrome DevTools Protocol.
 * @module
 */
import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapping } from "node:module";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface Debugger {
  /** Stops where this line of a source begins to run, in every script that has it, now or later. Resolves when one has. */
  breakAt(file: string, line: number): Promise<void>;
  /** Resolves at the next stop, with the user's own place and what a variable of the frame holds. */
  paused(variable: string): Promise<{ place: string; value: unknown }>;
  resume(): Promise<void>;
  /** Takes all breakpoints away. */
  clear(): Promise<void>;
  close(): void;
}

interface Script {
  id: string;
  map: SourceMap;
  /** Each source as it stands in the map -> its file. */
  sources: Map<string, string>;
}

interface Frame {
  callFrameId: string;
  location: { scriptId: string; lineNumber: number; columnNumber: number };
}

/** Attaches to what listens at the port; waits until something does. */
export async function attach(port: number): Promise<Debugger> {
  const socket = new WebSocket(await findTarget(port));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`nobody debugs at ${port}`));
  });
  const scripts = new Map<string, Script>();
  const breakpoints: string[] = [];
  let wanted: { file: string; line: number; isSet(): void }[] = [];
  const answers = new Map<number, (message: { result?: unknown; error?: { message: string } }) => void>();
  let last = 0;
  const send = async (method: string, params: object = {}): Promise<unknown> => {
    const id = ++last;
    const answer = new Promise<{ result?: unknown; error?: { message: string } }>((resolve) =>
      answers.set(id, resolve),
    );
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  let stop = Promise.withResolvers<Frame[]>();

  async function setIn(script: Script, { file, line, isSet }: (typeof wanted)[number]): Promise<void> {
    const place = findLine(script, file, line);
    if (!place) return;
    const location = { scriptId: script.id, lineNumber: place.generatedLine, columnNumber: place.generatedColumn };
    const { breakpointId } = (await send("Debugger.setBreakpoint", { location })) as { breakpointId: string }; // the protocol's own
    breakpoints.push(breakpointId);
    isSet();
  }

  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data));
    if (message.id !== undefined) return answers.get(message.id)?.(message);
    if (message.method === "Debugger.paused") stop.resolve(message.params.callFrames);
    if (message.method !== "Debugger.scriptParsed") return;
    const { scriptId: id, url, sourceMapURL } = message.params;
    const script = sourceMapURL && readScript(id, url, sourceMapURL);
    if (!script) return;
    scripts.set(id, script);
    for (const one of wanted) void setIn(script, one);
  };
  await send("Debugger.enable");

  return {
    async breakAt(file, line) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const one = { file, line, isSet: resolve };
      wanted.push(one);
      for (const script of scripts.values()) await setIn(script, one);
      await promise;
    },
    async paused(variable) {
      const [frame] = await stop.promise;
      stop = Promise.withResolvers();
      if (!frame) throw new Error("it stopped nowhere");
      const { scriptId, lineNumber, columnNumber } = frame.location;
      const script = scripts.get(scriptId);
      const found = script?.map.findEntry(lineNumber, columnNumber);
      const { result } = (await send("Debugger.evaluateOnCallFrame", {
        callFrameId: frame.callFrameId,
        expression: variable,
      })) as { result: { value: unknown } }; // the protocol's own
      if (!found || !("originalSource" in found)) return { place: "unknown", value: result.value };
      return { place: `${script?.sources.get(found.originalSource)}:${found.originalLine + 1}`, value: result.value };
    },
    async resume() {
      await send("Debugger.resume");
    },
    async clear() {
      wanted = [];
      for (const breakpointId of breakpoints.splice(0)) await send("Debugger.removeBreakpoint", { breakpointId });
    },
    close: () => socket.close(),
  };
}

async function findTarget(port: number): Promise<string> {
  for (;;) {
    const list = await fetch(`http://127.0.0.1:${port}/json`).then(
      (answer) => answer.json() as Promise<{ webSocketDebuggerUrl: string }[]>, // the protocol's list of targets
      () => [],
    );
    if (list[0]) return list[0].webSocketDebuggerUrl;
    await sleep(50);
  }
}

/** As a debugger finds a script's map: in its own text, or beside it. */
function readScript(id: string, url: string, sourceMapURL: string): Script | undefined {
  const base = /^file:/.test(url) ? url : undefined;
  const at = sourceMapURL.startsWith("data:") || !base ? sourceMapURL : new URL(sourceMapURL, base).href;
  if (!/^(?:data|file):/.test(at)) return undefined;
  const text = at.startsWith("data:")
    ? Buffer.from(at.slice(at.indexOf(",") + 1), "base64").toString()
    : readFileSync(fileURLToPath(at), "utf8");
  const payload = JSON.parse(text);
  const sources = new Map<string, string>();
  for (const source of payload.sources as string[]) {
    const relativeTo = at.startsWith("data:") ? base : at;
    if (URL.canParse(source, relativeTo)) sources.set(source, fileURLToPath(new URL(source, relativeTo)));
  }
  return { id, map: new SourceMap(payload), sources };
}

/** The first place of that line in the script. */
function findLine({ map, sources }: Script, file: string, line: number): SourceMapping | undefined {
  const [source] = [...sources].find(([, one]) => one === file) ?? [];
  if (source === undefined) return undefined;
  const generated = map.payload.mappings.split(";").length;
  for (let at = 0; at < generated; at++) {
    for (let column = 0; column < 400; column++) {
      const found = map.findEntry(at, column);
      if ("originalSource" in found && found.originalSource === source && found.originalLine === line - 1) return found;
    }
  }
  return undefined;
}

/** The first of that many free ports in a row. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await tryPort(0);
    const rest = await Promise.all(Array.from({ length: count - 1 }, (_, at) => tryPort((first ?? 0) + at + 1)));
    if (first !== undefined && rest.every((port) => port !== undefined)) return first;
  }
}

function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.on("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address && typeof address === "object" ? address.port : undefined));
    });
  });
}
