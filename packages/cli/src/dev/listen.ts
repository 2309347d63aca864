/**
 * The port of the dev server: the one that was asked for, or the next that is free.
 * @module
 */
import type { Server } from "node:http";
import { networkInterfaces } from "node:os";
import { GodwitError } from "@godwit/core/errors";

const LAST = 65_535;

export interface Listening {
  port: number;
  /** Ports that were in use. */
  taken: number[];
}

/** Rejects with DEV_PORT_IN_USE under `strict`, or where no port is free, and DEV_HOST_UNKNOWN. */
export async function listenNext(server: Server, port: number, host: string, strict: boolean): Promise<Listening> {
  const taken: number[] = [];
  for (let next = port; next <= LAST; next++) {
    try {
      await listen(server, next, host);
      const address = server.address();
      return { port: address && typeof address === "object" ? address.port : next, taken };
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException; // of net's listen
      if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
        throw new GodwitError("DEV_HOST_UNKNOWN", `--host ${host} is not an address of this machine.`, { cause });
      }
      if (code !== "EADDRINUSE" && code !== "EACCES") throw cause;
      if (strict) break;
      taken.push(next);
    }
  }
  throw new GodwitError(
    "DEV_PORT_IN_USE",
    `Port ${port} is in use or not allowed. Stop what listens there, name another with --port, or leave out --strict-port.`,
  );
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Where it can be reached: by itself, and from other machines where it listens to all. */
export function addressesOf(host: string, port: number, scheme: string): { local: string; network: string[] } {
  const isAny = host === "0.0.0.0" || host === "::";
  const name = isAny || host === "127.0.0.1" || host === "::1" ? "localhost" : host;
  const print = (shown: string): string => `${scheme}://${shown.includes(":") ? `[${shown}]` : shown}:${port}/`;
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => print(address));
  return { local: print(name), network: isAny ? others : [] };
}
