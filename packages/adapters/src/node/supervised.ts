/**
 * A server below a supervisor that holds the public socket: it takes the connections that are passed to it, tells what
 * it answered, and ends without losing one. Its own socket is on loopback, for those who look before traffic comes.
 * Loaded only where `GODWIT_SUPERVISED` says so.
 * @module
 */
import type { Server } from "node:http";
import type { Http2SecureServer } from "node:http2";
import type { Socket } from "node:net";
import { listen } from "../_http/listen.ts";
import type { NodeServer } from "./index.ts";
import type { NodeAnswer, NodeMessage } from "./server.ts";
import type { Shutdown } from "./shutdown.ts";

export interface OpenServer extends Omit<NodeServer, "close"> {
  server: Server | Http2SecureServer;
  isTls: boolean;
  close: Shutdown;
  /** Starts the schedules; the answer stops them. */
  startClock(): () => void;
  /** The same app without TLS. */
  createPlain(): Server | Http2SecureServer;
}

interface Order {
  godwit?: "connection" | "clock" | "cycle" | "drain" | "schedule";
  /** Of `clock`. */
  on?: boolean;
  /** Of `drain`, milliseconds. */
  time?: number;
}

/** Milliseconds between two reports. */
const REPORT = 200;

export async function supervise(opened: OpenServer): Promise<NodeServer> {
  const { server, close, trigger } = opened;
  let { url } = opened;
  if (opened.isTls) {
    // A certificate is not for 127.0.0.1: who looks at the release before it has traffic comes without TLS.
    const plain = opened.createPlain();
    await listen(plain, 0, "127.0.0.1");
    const address = plain.address();
    url = new URL(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
  }
  let stop: (() => void) | undefined;
  const { report, cycle } = measure(opened);
  const finish = async (time?: number) => {
    stop?.();
    const done = await close(time);
    report();
    return done;
  };
  process.on("message", (order: Order | null, socket?: Socket) => {
    switch (order?.godwit) {
      case "connection":
        process.send?.({ godwit: "taken" });
        if (!socket) return; // the client was gone before it came here
        // As node:http makes its own: a client may end its side and wait for the answer.
        socket.allowHalfOpen = true;
        server.emit("connection", socket);
        break;
      case "clock":
        stop?.();
        stop = order.on ? opened.startClock() : undefined;
        break;
      case "cycle":
        cycle();
        break;
      case "drain":
        finish(order.time).then((done) => process.exit(done ? 0 : 1));
    }
  });
  // Nobody passes connections any more, and nobody would end this process.
  process.on("disconnect", () => finish().then((done) => process.exit(done ? 0 : 1)));
  return { url, close: () => finish(), trigger };
}

interface Meter {
  report(): void;
  /** Has each HTTP/1.1 connection of now end with its next answer, so that its client comes anew. */
  cycle(): void;
}

/** Counts what the world was answered, and sends it: `times` are pairs of a bucket and how many fell in it. */
function measure({ server, isTls, url }: OpenServer): Meter {
  const loopback = isTls ? undefined : Number(url.port);
  let requests = 0;
  let errors = 0;
  let times = new Map<number, number>();
  let round = 0;
  const rounds = new WeakMap<object, number>();
  const count = (message: NodeMessage, answer: NodeAnswer) => {
    const { socket } = message;
    if (socket.localPort === loopback) return;
    const since = rounds.get(socket) ?? round;
    rounds.set(socket, since);
    if (since < round && "shouldKeepAlive" in answer) answer.shouldKeepAlive = false;
    const begun = performance.now();
    const writeHead = answer.writeHead as (...parts: unknown[]) => unknown; // its overloads are passed on as they come
    let bucket: number | undefined;
    // Until the head is sent: how long a stream lasts says nothing of how soon it was answered.
    const timed = (...parts: unknown[]) => {
      bucket ??= toBucket(performance.now() - begun);
      return writeHead.apply(answer, parts);
    };
    Object.assign(answer, { writeHead: timed });
    answer.once("close", () => {
      if (bucket === undefined) return; // the client left before
      requests++;
      if (answer.statusCode >= 500) errors++;
      times.set(bucket, (times.get(bucket) ?? 0) + 1);
    });
  };
  server.prependListener("request", count);
  server.prependListener("checkContinue", count);
  const report = () => {
    if (requests === 0 || !process.connected) return;
    process.send?.({ godwit: "figures", requests, errors, times: [...times] });
    requests = errors = 0;
    times = new Map();
  };
  setInterval(report, REPORT).unref();
  const cycle = () => {
    round++;
  };
  return { report, cycle };
}

/** Eight buckets for each doubling of the milliseconds: a time is known to 9%. */
function toBucket(time: number): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(1, time)) * 8));
}
