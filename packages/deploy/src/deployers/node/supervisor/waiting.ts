/**
 * Connections for which no worker is ready: kept for a while, since one may be about to start again.
 * @module
 */
import type { Socket } from "node:net";

const MOST = 1000;
/** Milliseconds. */
const LONGEST = 10_000;

export class WaitingRoom {
  readonly #sockets = new Map<Socket, NodeJS.Timeout>();

  add(socket: Socket): void {
    if (this.#sockets.size >= MOST) {
      socket.destroy();
      return;
    }
    const timer = setTimeout(() => {
      this.#sockets.delete(socket);
      socket.destroy();
    }, LONGEST);
    this.#sockets.set(socket, timer);
  }

  /** Offers all of them. */
  empty(take: (socket: Socket) => boolean): void {
    for (const [socket, timer] of [...this.#sockets]) {
      if (socket.destroyed || take(socket)) {
        clearTimeout(timer);
        this.#sockets.delete(socket);
      }
    }
  }

  close(): void {
    for (const [socket, timer] of this.#sockets) {
      clearTimeout(timer);
      socket.destroy();
    }
    this.#sockets.clear();
  }
}
