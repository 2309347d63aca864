/**
 * `/subscribe/<channel>`: what is published there, as server-sent events until the client goes.
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Connections } from "./connections.ts";
import { isRefusal, type Reply } from "./resp.ts";
import { Refused } from "./words.ts";

/** `verb` is `subscribe` or `psubscribe`. */
export async function follow(
  connections: Connections,
  verb: string,
  channels: readonly string[],
  answer: ServerResponse,
): Promise<void> {
  if (channels.length === 0) throw new Refused(`ERR wrong number of arguments for '${verb}' command`);
  const connection = await connections.open();
  answer.once("close", connection.close);
  void connection.ended.then(() => answer.end());
  const write = (reply: Reply): void => {
    if (Array.isArray(reply)) answer.write(`data: ${reply.map(toText).join(",")}\n\n`);
  };
  connection.onPush = write;
  // One reply a channel; those after the first come as what is pushed.
  const [first = null] = await connection.send([[verb, ...channels]]);
  if (isRefusal(first)) throw new Refused(first.error);
  answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  write(first);
}

function toText(reply: Reply): string {
  return Buffer.isBuffer(reply) ? reply.toString() : String(reply);
}
