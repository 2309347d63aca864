/**
 * Bytes over a socket, for requests that no client library would send.
 * @module
 */
import { connect } from "node:net";

/** Sends bytes and gives all that comes back until the other side closes, or `until` is in it. */
export function raw(url: URL, text: string | Buffer, until?: RegExp): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), "127.0.0.1");
    let answer = "";
    const settle = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      if (until?.test(answer)) settle();
    });
    socket.on("error", settle);
    socket.on("close", settle);
    socket.write(text);
  });
}

/** One request on a connection that ends with it. */
export function once(
  url: URL,
  requestLine: string,
  headers: string[] = [`Host: ${url.host}`],
  body = "",
): Promise<string> {
  return raw(url, `${[requestLine, ...headers, "Connection: close"].join("\r\n")}\r\n\r\n${body}`);
}
