/**
 * Where an emulator can be reached.
 * @module
 */
import type { Server } from "node:http";
import { listen } from "../_http/listen.ts";

/** Port 0 takes a free one. Rejects with PORT_IN_USE, PORT_FORBIDDEN or HOST_UNKNOWN. */
export async function listenAt(server: Server, port: number, host: string): Promise<URL> {
  await listen(server, port, host);
  const address = server.address();
  const bound = address && typeof address === "object" ? address.port : port;
  return new URL(`http://${host.includes(":") ? `[${host}]` : host}:${bound}`);
}
