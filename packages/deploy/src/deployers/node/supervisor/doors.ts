/**
 * The public sockets. A connection is accepted unread, so that no byte of it is lost on its way to a worker.
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { Refusal } from "./refusal.ts";
import { readPort, writePort } from "./state.ts";
import type { ReleaseSettings } from "./words.ts";

type Address = Pick<ReleaseSettings, "port" | "listen">;

/** systemd hands over the sockets of a socket unit from here on (sd_listen_fds(3)). */
const FIRST_PASSED = 3;

export class Doors {
  readonly #onConnection: (socket: Socket) => void;
  readonly #open = new Map<string, Server>();
  #passed: Server | undefined;

  constructor(onConnection: (socket: Socket) => void) {
    this.#onConnection = onConnection;
  }

  get ports(): number[] {
    return [...this.#open.values(), ...(this.#passed ? [this.#passed] : [])].flatMap((server) => {
      const address = server.address();
      return typeof address === "object" && address ? [address.port] : [];
    });
  }

  /** Takes the socket that systemd holds, if it does: then the unit says what it is, and no release. */
  async takePassed(): Promise<void> {
    if (process.env.LISTEN_PID !== String(process.pid) || process.env.LISTEN_FDS === undefined) return;
    const server = this.#create();
    await listen(server, { fd: FIRST_PASSED });
    this.#passed = server;
  }

  /** Opens the release's socket beside those that are open; answers whether it was opened now. */
  async open(address: Address): Promise<boolean> {
    const key = toKey(address);
    if (this.#passed || this.#open.has(key)) return false;
    const server = this.#create();
    const wanted = address.port || (await readPort());
    try {
      await listen(server, { port: wanted, host: address.listen });
    } catch (error) {
      // The stage's own port was taken while nobody was here.
      if (address.port !== 0 || !(error instanceof Refusal) || error.reason !== "port-in-use") throw error;
      await listen(server, { port: 0, host: address.listen });
    }
    const bound = server.address();
    if (address.port === 0 && typeof bound === "object" && bound && bound.port !== wanted) await writePort(bound.port);
    this.#open.set(key, server);
    return true;
  }

  /** Whether `open` would succeed, without letting anybody in. */
  async check(address: Address): Promise<void> {
    if (this.#passed || this.#open.has(toKey(address)) || address.port === 0) return;
    const server = createServer();
    await listen(server, { port: address.port, host: address.listen });
    await new Promise((resolve) => server.close(resolve));
  }

  /** Closes all others. */
  keep(address: Address): void {
    for (const key of [...this.#open.keys()]) if (key !== toKey(address)) this.#close(key);
  }

  shut(address: Address): void {
    this.#close(toKey(address));
  }

  closeAll(): void {
    for (const key of [...this.#open.keys()]) this.#close(key);
    this.#passed?.close();
    this.#passed = undefined;
  }

  #close(key: string): void {
    this.#open.get(key)?.close();
    this.#open.delete(key);
  }

  #create(): Server {
    const server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true });
    server.on("connection", this.#onConnection);
    server.on("error", () => {}); // too many open files: the next connection may find one
    return server;
  }
}

function toKey({ port, listen }: Address): string {
  return `${listen ?? ""} ${port}`;
}

function listen(server: Server, options: { port?: number; host?: string; fd?: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => reject(explain(cause, options));
    server.once("error", fail);
    server.listen({ ...options, backlog: 1024 }, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

function explain(cause: NodeJS.ErrnoException, { port, host }: { port?: number; host?: string }): Error {
  switch (cause.code) {
    case "EADDRINUSE":
      return new Refusal("port-in-use", `Port ${port} is in use.`, { cause });
    case "EACCES":
      return new Refusal("port-forbidden", `Port ${port} needs more rights.`, { cause });
    case "ENOTFOUND":
    case "EADDRNOTAVAIL":
      return new Refusal("address-unknown", `${host} is not an address of this machine.`, { cause });
    default:
      return cause;
  }
}
