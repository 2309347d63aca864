import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { forward } from "./proxy.ts";

test("a client that is gone before the answer comes, or before it is asked for, harms nobody", async (t) => {
  let asked = 0;
  const held: ServerResponse[] = [];
  const fn = createServer((_req, res) => {
    asked++;
    held.push(res);
    fn.emit("asked");
  });
  fn.listen(0, "127.0.0.1");
  await once(fn, "listening");
  t.after(() => fn.close());
  const { port } = fn.address() as AddressInfo; // it listens
  const exchange = { target: "/", port, scheme: "http", first: 5000, whole: 5000, headers: [] } as const;
  const front = createServer((req, res) => front.emit("got", req, res));
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  t.after(() => front.close());
  const ask = async () => {
    const got = once(front, "got") as Promise<[IncomingMessage, ServerResponse]>; // as it is emitted above
    const client = connect((front.address() as AddressInfo).port, "127.0.0.1"); // it listens
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    return { client, got: await got };
  };

  const early = await ask();
  early.client.destroy();
  await once(early.got[1], "close");
  forward(...early.got, Buffer.alloc(0), { ...exchange, headers: [] });

  const late = await ask();
  forward(...late.got, Buffer.alloc(0), { ...exchange, headers: [] });
  await once(fn, "asked");
  // The moment in which the answer of the function and the client's leaving cross each other.
  late.got[1].removeAllListeners("close");
  late.client.destroy();
  late.got[1].destroy();
  held[0]?.end("answer");
  await once(held[0] ?? assert.fail(), "close");
  assert.equal(asked, 1);
  assert.equal(late.got[1].headersSent, false);
});
