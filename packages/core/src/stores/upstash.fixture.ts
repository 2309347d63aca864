/**
 * Upstash's REST protocol before a redis-server, as much of it as `upstash()` speaks.
 * @module
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { Redis } from "ioredis";

export interface Front {
  url: string;
  /** How many requests there were. */
  readonly requests: number;
  close(): Promise<void>;
}

/** `redis` is the path of its socket. */
export async function startFront(redis: string, token: string): Promise<Front> {
  const client = new Redis(redis);
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests++;
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.headers.authorization !== `Bearer ${token}`) {
      return answer(401, { error: "WRONGPASS invalid or missing auth token" });
    }
    try {
      const [command, ...words]: string[] = JSON.parse(Buffer.concat(chunks).toString());
      answer(200, { result: encode(await client.callBuffer(String(command), ...words)) });
    } catch (error) {
      answer(400, { error: error instanceof Error ? error.message : "" });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    get requests() {
      return requests;
    },
    async close() {
      client.disconnect();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Every text is Base64 but a literal `OK`. */
function encode(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(encode);
  if (!(reply instanceof Uint8Array)) return reply;
  const text = Buffer.from(reply);
  return text.equals(Buffer.from("OK")) ? "OK" : text.toString("base64");
}
