/**
 * Connections to a redis-server. Each has one user at a time, so that nobody waits behind another's large value, and
 * nothing comes between the commands of a transaction.
 * @module
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Command, createReader, isRefusal, type Reply, writeCommand } from "./resp.ts";

/** Where a redis-server is. */
export interface RedisAddress {
  /** On 127.0.0.1. */
  port: number;
  password: string;
}

export interface Connection {
  /** Sends all at once; the replies in their order. Rejects where the connection ends before. */
  send(commands: readonly Command[]): Promise<Reply[]>;
  /** Each reply that nobody waits for, such as a message of a channel. */
  onPush: ((reply: Reply) => void) | undefined;
  /** Resolves when it has ended, however. */
  ended: Promise<void>;
  close(): void;
}

/** Rejects where nobody listens, or the server refuses the password. */
export async function openConnection({ port, password }: RedisAddress): Promise<Connection> {
  const socket: Socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.setNoDelay(true);
  const waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];
  let isOpen = true;
  socket.on("error", () => {}); // `close` follows
  const ended = new Promise((resolve) => socket.once("close", resolve)).then(() => {
    isOpen = false;
    for (const { reject } of waiting.splice(0)) reject(new Error("redis-server has closed the connection."));
  });
  const connection: Connection = {
    send(commands) {
      if (!isOpen) return Promise.reject(new Error("redis-server has closed the connection."));
      const replies = commands.map(() => new Promise<Reply>((resolve, reject) => waiting.push({ resolve, reject })));
      socket.write(Buffer.concat(commands.map(writeCommand)));
      return Promise.all(replies);
    },
    onPush: undefined,
    ended,
    close: () => void socket.destroy(),
  };
  const read = createReader((reply) => {
    const next = waiting.shift();
    if (next) next.resolve(reply);
    else connection.onPush?.(reply);
  });
  socket.on("data", read);
  const [answer = null] = await connection.send([["AUTH", password]]);
  if (isRefusal(answer)) {
    connection.close();
    throw new Error(answer.error);
  }
  return connection;
}

export interface Connections {
  /** Runs the commands, one after another, on a connection that nobody else uses meanwhile. */
  run(commands: readonly Command[]): Promise<Reply[]>;
  /** One of the caller's own. */
  open(): Promise<Connection>;
  close(): void;
}

/** How many there are at most: more requests than that wait in a row. */
const MOST = 16;

export function createConnections(address: RedisAddress): Connections {
  const all = new Set<Connection>();
  const idle: Connection[] = [];
  const row: (() => void)[] = [];
  let used = 0;
  const open = async (): Promise<Connection> => {
    const connection = await openConnection(address);
    all.add(connection);
    void connection.ended.then(() => {
      all.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
    });
    return connection;
  };
  return {
    open,
    async run(commands) {
      if (used === MOST) await new Promise<void>((resolve) => row.push(resolve));
      else used++;
      try {
        const connection = idle.pop() ?? (await open());
        const replies = await connection.send(commands);
        idle.push(connection);
        return replies;
      } finally {
        // The place goes to the next one in the row.
        const next = row.shift();
        if (next) next();
        else used--;
      }
    },
    close() {
      for (const connection of all) connection.close();
    },
  };
}
