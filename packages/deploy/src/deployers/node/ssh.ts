/**
 * A host over the system's own ssh: its config, keys, agent and known hosts hold. One connection serves all calls of a
 * command. ssh never asks anything: who deploys from CI sees an error, not a prompt.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "./host.ts";

export interface SshOptions {
  host: string;
  command: readonly string[];
  /** The host's Node. */
  node: string;
  explain: Host["explain"];
}

/** Seconds. */
const CONNECT = 15;
const PERSIST = 60;

export async function createSshHost({ host, command, node, explain }: SshOptions): Promise<Host> {
  const [program = "ssh", ...own] = command;
  // ssh makes a name of its own for the socket in there, short enough for unix(7).
  const folder = await mkdtemp(join(tmpdir(), "godwit-ssh-"));
  const options = [
    ...["BatchMode=yes", `ConnectTimeout=${CONNECT}`, "ServerAliveInterval=5", "ServerAliveCountMax=4"],
    ...["ControlMaster=auto", `ControlPath=${join(folder, "%C")}`, `ControlPersist=${PERSIST}`, "LogLevel=ERROR"],
  ].flatMap((option) => ["-o", option]);
  const call = (extra: readonly string[], line?: string): ChildProcess =>
    spawn(program, [...own, ...options, ...extra, "--", host, ...(line === undefined ? [] : [line])], {
      stdio: ["pipe", "pipe", "pipe"],
    });
  const tunnels = new Map<number, { server: Server; sockets: Set<Socket> }>();

  return {
    name: host,
    address: host.slice(host.indexOf("@") + 1),
    start: (args) => call(["-T"], [node, ...args].map(quote).join(" ")),
    async reach(port) {
      let tunnel = tunnels.get(port);
      if (!tunnel) {
        const sockets = new Set<Socket>();
        const server = createServer((socket) => {
          const child = call(["-W", `127.0.0.1:${port}`]);
          sockets.add(socket);
          socket.once("close", () => {
            sockets.delete(socket);
            child.kill();
          });
          for (const end of [socket, child.stdin, child.stdout, child]) end?.on("error", () => socket.destroy());
          if (child.stdin) socket.pipe(child.stdin);
          child.stdout?.pipe(socket);
          child.stderr?.resume();
        });
        tunnel = { server, sockets };
        tunnels.set(port, tunnel);
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
      }
      const address = tunnel.server.address();
      return new URL(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`);
    },
    explain,
    async close() {
      for (const { server, sockets } of tunnels.values()) {
        server.close();
        for (const socket of sockets) socket.destroy();
      }
      const exit = call(["-O", "exit"]);
      exit.stdin?.end();
      exit.once("error", () => {});
      await Promise.race([once(exit, "exit").catch(() => {}), new Promise((resolve) => setTimeout(resolve, 2000))]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One word for the login shell of the host, whichever it is: what is in there has no quote of its own but these. */
export function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
