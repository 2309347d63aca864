/**
 * Connections that read what came before they look at what could not be written. A Worker may answer without reading
 * the body, and workerd then resets the connection: the system keeps the answer for a reader, but Node gives up the
 * whole socket at the first write that fails.
 * @module
 */
import { Agent } from "node:http";
import { Socket, type TcpSocketConnectOpts } from "node:net";

type Written = (error?: Error | null) => void;

/** What is written after a reset is lost, as it is on the way to any server; reading then meets the answer, or the reset. */
class PatientSocket extends Socket {
  override _write(chunk: Uint8Array, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, () => written());
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], written: Written): void {
    super._writev?.(chunks, () => written());
  }
}

export class PatientAgent extends Agent {
  override createConnection(options: TcpSocketConnectOpts): Socket {
    return new PatientSocket().connect(options);
  }
}
