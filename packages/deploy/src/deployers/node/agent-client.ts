/**
 * The calls: one run of Node on the host for a whole command, with the agent and the questions on its standard input,
 * so that no list of processes shows either. A connection that breaks is made again and the question repeated, since
 * each operation can be.
 * @module
 */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { Readable, type Writable } from "node:stream";
import type { Clock } from "../../contracts.ts";
import { placeUnknown } from "../../engine/errors.ts";
import { CallError, retry } from "../../engine/retry.ts";
import type { Answer, Ask, Place } from "./agent/words.ts";
import { toError } from "./errors.ts";
import type { Host } from "./host.ts";
import { readScripts, toDataUrl } from "./ship.ts";

/**
 * Reads the agent, whose length comes first, and calls it. No quote, backslash, dollar or exclamation mark in here: it
 * passes through a login shell as one word.
 */
const LOADER = [
  "const i=process.stdin[Symbol.asyncIterator]();let b=Buffer.alloc(0);",
  "const take=async n=>{while(b.length<n){const{value,done}=await i.next();if(done)process.exit();",
  "b=b.length?Buffer.concat([b,value]):value}const r=b.subarray(0,n);b=b.subarray(n);return r};",
  "const text=async n=>(await take(n)).toString();",
  "const m=await import(await text(parseInt(await text(8),16)));await m.main(take);process.exit()",
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
  /** Default: the command's. */
  signal?: AbortSignal;
}

export class AgentClient {
  readonly host: Host;
  readonly #options: AgentOptions;
  #session: Session | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: AgentOptions) {
    this.host = options.host;
    this.#options = options;
  }

  /** The answer is what the operation says in `agent/words.ts`. Rejects with a GodwitError. */
  async ask<T>(ask: Ask, options: CallOptions = {}): Promise<T> {
    const { clock, host } = this.#options;
    const signal = options.signal ?? this.#options.signal;
    const once = () => {
      const answer = this.#queue.then(() => this.#once(ask, { ...options, signal }));
      this.#queue = answer.catch(() => {});
      return answer;
    };
    try {
      const answer = await retry(once, { clock, signal, attempts: 4 });
      if ("ok" in answer) return answer.ok as T; // as `agent/words.ts` says for the operation
      throw toError(answer.refused.reason, answer.refused.message, host.name);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      throw placeUnknown(`${error.message}.`, "What was live serves on. Run the command again.", error);
    }
  }

  /** The lines of `logs`, which has a run of its own. */
  async *lines(ask: Ask, signal: AbortSignal): AsyncIterable<unknown> {
    const session = new Session(this.#options);
    const stop = () => session.end();
    signal.addEventListener("abort", stop, { once: true });
    try {
      session.send(ask);
      for await (const answer of session.answers()) {
        if ("line" in answer) yield answer.line;
        else if ("refused" in answer) {
          throw toError(answer.refused.reason, answer.refused.message, this.host.name);
        } else return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      session.end();
    }
  }

  /** Ends what still runs. */
  close(): void {
    this.#session?.end();
  }

  async #once(ask: Ask, options: CallOptions & { signal: AbortSignal }): Promise<Exclude<Answer, { line: unknown }>> {
    const { payload, signal, deadline = DEADLINE } = options;
    const { name, explain } = this.host;
    signal.throwIfAborted();
    const session = this.#session?.isOpen ? this.#session : new Session(this.#options);
    this.#session = session;
    const stop = () => session.end();
    signal.addEventListener("abort", stop, { once: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      session.end();
    }, deadline);
    let unsent: unknown;
    session.send(ask, payload?.()).catch((error: unknown) => {
      unsent = error;
      session.end();
    });
    try {
      const answer = await session.next();
      if (answer && "refused" in answer) {
        if (ask.op === "put") session.end();
        // Bytes that were damaged on the way may come whole the next time.
        if (answer.refused.reason === "damaged") throw new CallError(ask.op, answer.refused.message);
      }
      if (answer && !("line" in answer)) return answer;
      if (signal.aborted) throw signal.reason;
      if (unsent !== undefined) throw unsent;
      if (late) throw new CallError(ask.op, `${ask.op} on ${name} took over ${deadline / 1000} s`);
      throw explain(ask.op, await session.ended, session.said);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  }
}

/** One run of the agent: questions go in, and an answer comes for each, in their order. */
class Session {
  readonly #child: ChildProcess;
  readonly #place: Place;
  readonly #answers: AsyncIterator<Answer>;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  /** The last of what it said beside its answers. */
  said = "";
  isOpen = true;

  constructor({ host, place }: AgentOptions) {
    this.#place = place;
    const child = host.start(["--input-type=module", "-e", LOADER]);
    this.#child = child;
    this.#answers = this.answers()[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => {
      const end = (code: number | null) => {
        this.isOpen = false;
        resolve(code);
      };
      child.once("exit", end);
      child.once("error", (error) => {
        this.said += error.message;
        end(127);
      });
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      this.said = (this.said + chunk).slice(-LONGEST_ERROR);
    });
    child.stdin?.on("error", () => {}); // why it ended is told by the end
    const script = Buffer.from(readAgent());
    child.stdin?.write(toSize(script));
    child.stdin?.write(script);
  }

  async send(ask: Ask, payload?: AsyncIterable<Uint8Array>): Promise<void> {
    const { stdin } = this.#child;
    const question = Buffer.from(JSON.stringify({ ...ask, place: this.#place }));
    stdin?.write(toSize(question));
    stdin?.write(question);
    for await (const chunk of payload ?? []) {
      if (!stdin || stdin.destroyed || !this.isOpen) return;
      if (!stdin.write(chunk)) await drained(stdin);
    }
  }

  /** Undefined when it has ended. */
  async next(): Promise<Answer | undefined> {
    const { value, done } = await this.#answers.next();
    return done ? undefined : value;
  }

  async *answers(): AsyncGenerator<Answer> {
    for await (const line of readLines(this.#child)) {
      // What an rc file of the login shell prints is no answer.
      if (line.startsWith("godwit {")) yield JSON.parse(line.slice("godwit ".length)) as Answer; // the agent's own
    }
  }

  end(): void {
    this.isOpen = false;
    this.#child.kill();
  }
}

let agent: string | undefined;

function readAgent(): string {
  agent ??= toDataUrl(readScripts("agent"));
  return agent;
}

/** Resolves when more can be written, or never will be. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      stream.off("drain", go).off("close", go);
      resolve();
    };
    stream.on("drain", go).on("close", go);
  });
}

function toSize({ length }: Uint8Array): string {
  return length.toString(16).padStart(8, "0");
}

function readLines({ stdout }: ChildProcess): AsyncIterable<string> {
  return createInterface({ input: stdout ?? Readable.from([]) });
}
