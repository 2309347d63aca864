/**
 * A server on its port, or an error that says what to do.
 * @module
 */
import type { Server } from "node:http";
import type { Http2SecureServer } from "node:http2";
import { GodwitError } from "@godwit/core/errors";

/** Resolves when the socket is bound. Rejects with PORT_IN_USE, PORT_FORBIDDEN or HOST_UNKNOWN. */
export function listen(server: Server | Http2SecureServer, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(explainListen(cause, port, host)));
    server.listen({ port, host }, resolve);
  });
}

/** Of an error that means something else, the error itself. */
export function explainListen(cause: NodeJS.ErrnoException, port: number, host: string | undefined): Error {
  const options = { cause };
  switch (cause.code) {
    case "EADDRINUSE":
      return new GodwitError(
        "PORT_IN_USE",
        `Port ${port} is in use. Stop what listens there, or take another port.`,
        options,
      );
    case "EACCES":
      return new GodwitError("PORT_FORBIDDEN", `Port ${port} needs more rights. Take one over 1023.`, options);
    case "ENOTFOUND":
    case "EADDRNOTAVAIL":
      return new GodwitError("HOST_UNKNOWN", `The host ${host} is not an address of this machine.`, options);
    default:
      return cause;
  }
}
