/**
 * The control socket: one command a line, one answer a line. Only who may write the stage's folder reaches it.
 * @module
 */
import { chmodSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { createInterface } from "node:readline";
import { toRefusal } from "./refusal.ts";
import type { Command, Reply } from "./words.ts";

/** Relative to the stage's folder: the path of such a socket has at most 107 bytes (unix(7)). */
const SOCKET = "control.sock";

/** Opens it, or answers undefined where another supervisor has it. */
export async function openControl(run: (command: Command) => Promise<unknown>): Promise<Server | undefined> {
  if (await isAnswered()) return undefined;
  rmSync(SOCKET, { force: true });
  const server = createServer((socket) => {
    socket.on("error", () => {});
    createInterface({ input: socket }).on("line", async (line) => {
      let reply: Reply;
      try {
        reply = { ok: (await run(JSON.parse(line) as Command)) ?? null }; // a command that is none is refused
      } catch (error) {
        const { reason, message } = toRefusal(error);
        reply = { refused: { reason, message } };
      }
      if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    const mask = process.umask(0o177);
    server.once("error", reject);
    server.listen(SOCKET, resolve);
    process.umask(mask);
  });
  chmodSync(SOCKET, 0o600);
  return server;
}

function isAnswered(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(SOCKET);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
