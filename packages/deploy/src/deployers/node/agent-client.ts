/**
 * The calls: each is one run of Node on the host, with the agent and the question on its standard input, so that no
 * list of processes shows either. Repeated after a connection that broke, since each operation can be.
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Clock } from "../../contracts.ts";
import { placeUnknown } from "../../engine/errors.ts";
import { CallError, retry } from "../../engine/retry.ts";
import type { Answer, Ask, Place } from "./agent/words.ts";
import { toError } from "./errors.ts";
import type { Host } from "./host.ts";
import { readScripts, toDataUrl } from "./ship.ts";

/**
 * Reads two lengths, the agent and the question, and calls it. No quote, backslash, dollar or exclamation mark in
 * here: it passes through a login shell as one word.
 */
const LOADER = [
  "const i=process.stdin[Symbol.asyncIterator]();let b=Buffer.alloc(0);",
  "const take=async n=>{while(b.length<n){const{value,done}=await i.next();",
  "if(done)throw Error(`cut`);b=Buffer.concat([b,value])}const r=b.subarray(0,n);b=b.subarray(n);return r};",
  "const text=async n=>(await take(n)).toString();const size=async()=>parseInt(await text(8),16);",
  "const a=await size(),q=await size();const m=await import(await text(a));",
  "await m.main(JSON.parse(await text(q)),take);process.stdin.destroy()",
].join("");
const DEADLINE = 60_000;
const LONGEST_ERROR = 10_000;

export interface AgentOptions {
  host: Host;
  place: Place;
  clock: Clock;
  signal: AbortSignal;
}

export interface CallOptions {
  /** What follows the question; asked for anew at each attempt. */
  payload?(): AsyncIterable<Uint8Array>;
  /** Milliseconds for one attempt. Default 60,000. */
  deadline?: number;
}

export class AgentClient {
  readonly host: Host;
  readonly #options: AgentOptions;
  readonly #running = new Set<ChildProcess>();
  #script: string | undefined;

  constructor(options: AgentOptions) {
    this.host = options.host;
    this.#options = options;
  }

  /** The answer is what the operation says in `agent/words.ts`. Rejects with a GodwitError, or a CallError. */
  async ask<T>(ask: Ask, options: CallOptions = {}): Promise<T> {
    const { clock, signal } = this.#options;
    try {
      return await retry(() => this.#once<T>(ask, options), { clock, signal, attempts: 4 });
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      throw placeUnknown(`${error.message}.`, "What was live serves on. Run the command again.", error);
    }
  }

  /** The lines of `logs`. */
  async *lines(ask: Ask, signal: AbortSignal): AsyncIterable<unknown> {
    const child = this.#start(ask);
    const stop = () => child.kill();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const line of readLines(child)) {
        const answer = parse(line);
        if (answer && "line" in answer) yield answer.line;
        else if (answer && "refused" in answer) throw this.#refuse(answer.refused);
      }
    } finally {
      signal.removeEventListener("abort", stop);
      child.kill();
    }
  }

  /** Ends what still runs. */
  close(): void {
    for (const child of this.#running) child.kill();
  }

  async #once<T>(ask: Ask, { payload, deadline = DEADLINE }: CallOptions): Promise<T> {
    const { signal, host } = this.#options;
    const child = this.#start(ask);
    let unsent: unknown;
    if (payload) {
      send(payload(), child).catch((error: unknown) => {
        unsent = error;
        child.kill();
      });
    }
    const stop = () => child.kill();
    signal.addEventListener("abort", stop, { once: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill();
    }, deadline);
    let found: Answer | undefined;
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said = (said + chunk).slice(-LONGEST_ERROR);
    });
    try {
      const exit = once(child, "exit").catch((error: Error) => {
        said += error.message;
        return [127];
      });
      // What an rc file of the login shell prints is no answer.
      for await (const line of readLines(child)) found = parse(line) ?? found;
      const [code] = await exit;
      if (signal.aborted) throw signal.reason;
      if (found && "ok" in found) return found.ok as T; // as `agent/words.ts` says for the operation
      if (found && "refused" in found) throw this.#refuse(found.refused);
      if (unsent !== undefined) throw unsent;
      if (late)
        throw new CallError(ask.op, `${ask.op} on ${host.name} took over ${deadline / 1000} s`, { transient: true });
      throw host.explain(ask.op, code, said);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      child.kill();
    }
  }

  #start(ask: Ask): ChildProcess {
    const { host, place } = this.#options;
    this.#script ??= toDataUrl(readScripts("agent"));
    const question = Buffer.from(JSON.stringify({ ...ask, place }));
    const sizes = [this.#script.length, question.length].map((size) => size.toString(16).padStart(8, "0")).join("");
    const child = host.start(["--input-type=module", "-e", LOADER]);
    this.#running.add(child);
    child.once("close", () => this.#running.delete(child));
    child.once("error", () => this.#running.delete(child));
    const { stdin } = child;
    stdin?.on("error", () => {}); // why it ended is told by the end
    stdin?.write(sizes + this.#script);
    stdin?.write(question);
    // It stays open: what is sent may follow, and an agent whose caller is gone hears it.
    return child;
  }

  #refuse({ reason, message }: { reason: string; message: string }): Error {
    // Bytes that were damaged on the way may come whole the next time.
    if (reason === "damaged") return new CallError("put", message, { transient: true });
    return toError(reason, message, this.#options.host.name);
  }
}

function readLines({ stdout }: ChildProcess): AsyncIterable<string> {
  return createInterface({ input: stdout ?? Readable.from([]) });
}

async function send(payload: AsyncIterable<Uint8Array>, { stdin }: ChildProcess): Promise<void> {
  for await (const chunk of payload) {
    if (!stdin || stdin.destroyed) return;
    if (!stdin.write(chunk)) await Promise.race([once(stdin, "drain"), once(stdin, "close")]);
  }
}

function parse(line: string): Answer | undefined {
  return line.startsWith("godwit {") ? (JSON.parse(line.slice("godwit ".length)) as Answer) : undefined; // the agent's own
}
