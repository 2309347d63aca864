import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as requestTls } from "node:https";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { cert, key } from "./tls.fixture.ts";

interface Message {
  godwit: string;
  url?: string;
  connections?: string;
  requests?: number;
  errors?: number;
}

interface Supervised extends AsyncDisposable {
  child: ChildProcess;
  port: number;
  ready: Message;
  messages: Message[];
}

/** A server as a supervisor runs it: this process accepts, and passes each connection on unread. */
async function supervise(options: Record<string, unknown> = {}): Promise<Supervised> {
  const source = `
    import { start } from ${JSON.stringify(import.meta.resolve("./index.ts"))};
    const app = { async fetch(request, execution) {
      const { pathname } = new URL(request.url);
      if (pathname === "/slow") await new Promise((done) => setTimeout(done, 400));
      if (pathname === "/fail") return new Response("broken", { status: 500 });
      return new Response([request.url, execution.ip, await request.text()].join(" "));
    } };
    await start(app, ${JSON.stringify(options)});`;
  const env = { ...process.env, HOST: "127.0.0.1", PORT: "0", GODWIT_SUPERVISED: "1" };
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    env,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const messages: Message[] = [];
  child.on("message", (message: Message) => messages.push(message));
  const [ready] = (await once(child, "message")) as [Message]; // its first word
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    child.send({ godwit: "connection" }, socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    child,
    port,
    ready,
    messages,
    async [Symbol.asyncDispose]() {
      server.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

async function read(incoming: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of incoming) text += chunk;
  return text;
}

async function get(port: number, path: string, agent?: Agent): Promise<{ text: string; connection?: string }> {
  const outgoing = request({ port, host: "127.0.0.1", path, agent: agent ?? false }).end();
  const [incoming] = await once(outgoing, "response");
  return { text: await read(incoming), connection: incoming.headers.connection };
}

test("connections that are passed are answered, with the client's own address and every byte", async () => {
  await using server = await supervise();
  assert.equal(server.ready.connections, "http");
  assert.match(
    (await get(server.port, "/a")).text,
    new RegExp(`^http://127\\.0\\.0\\.1:${server.port}/a 127\\.0\\.0\\.1`),
  );
  const body = "x".repeat(1_000_000);
  const outgoing = request({ port: server.port, host: "127.0.0.1", method: "POST", agent: false }).end(body);
  const [incoming] = await once(outgoing, "response");
  assert.ok((await read(incoming)).endsWith(body));
  // A client may end its side and wait for the answer.
  const socket: Socket = connect(server.port, "127.0.0.1");
  socket.end("GET /half HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(await read(socket.setEncoding("utf8")), /http:\/\/a\/half/);
});

test("TLS and HTTP/2 come through passed connections, and loopback answers without TLS", async () => {
  await using server = await supervise({ tls: { cert, key } });
  assert.equal(server.ready.connections, "https");
  const outgoing = requestTls({ port: server.port, host: "localhost", ca: cert, path: "/tls", agent: false }).end();
  const [incoming] = await once(outgoing, "response");
  assert.match(await read(incoming), /^https:\/\/localhost:\d+\/tls /);
  const session = connectHttp2(`https://localhost:${server.port}`, { ca: cert });
  const stream = session.request({ ":path": "/two" });
  assert.match(await read(stream.setEncoding("utf8")), /^https:\/\/localhost:\d+\/two /);
  // The app sees the scheme that the world sees: one that redirects from http must not do so here.
  const plain = new URL(server.ready.url ?? "");
  assert.equal(plain.protocol, "http:");
  assert.match((await get(Number(plain.port), "/plain")).text, /^https:\/\/127\.0\.0\.1:\d+\/plain /);
  // A stream that is open when the drain begins is answered, and the session ends after it.
  const slow = session.request({ ":path": "/slow" });
  const answered = read(slow.setEncoding("utf8"));
  const closed = once(session, "close");
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.child.send({ godwit: "drain", time: 10_000 });
  assert.match(await answered, /slow/);
  await closed;
  const [code] = await once(server.child, "exit");
  assert.equal(code, 0);
});

test("a drain closes no connection that a client may be about to use, and ends with the last of them", async () => {
  await using server = await supervise();
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  await get(server.port, "/first", kept);
  const early = connect(server.port, "127.0.0.1");
  await once(early, "connect");
  const slow = get(server.port, "/slow");
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.child.send({ godwit: "drain", time: 10_000 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const last = await get(server.port, "/kept", kept);
  assert.match(last.text, /kept/);
  assert.equal(last.connection, "close");
  assert.match((await slow).text, /slow/);
  early.write("GET /early HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await read(early.setEncoding("utf8")), /http:\/\/a\/early/);
  const [code] = await once(server.child, "exit");
  assert.equal(code, 0);
});

test("a cycle has kept connections end with their next answer, and leaves new ones", async () => {
  await using server = await supervise();
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  assert.equal((await get(server.port, "/a", kept)).connection, "keep-alive");
  server.child.send({ godwit: "cycle" });
  while ((await get(server.port, "/b", kept)).connection !== "close")
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal((await get(server.port, "/c", kept)).connection, "keep-alive");
  kept.destroy();
});

test("what is answered is reported, and what loopback asked is not", async () => {
  await using server = await supervise();
  await get(Number(new URL(server.ready.url ?? "").port), "/looked");
  for (const path of ["/a", "/b", "/fail"]) await get(server.port, path);
  const sum = (name: "requests" | "errors") => server.messages.reduce((all, message) => all + (message[name] ?? 0), 0);
  while (sum("requests") < 3) await once(server.child, "message");
  assert.equal(sum("requests"), 3);
  assert.equal(sum("errors"), 1);
});

test("a server whose supervisor is gone ends, when what it began is done", async () => {
  await using server = await supervise();
  const slow = get(server.port, "/slow");
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.child.disconnect();
  assert.match((await slow).text, /slow/);
  const [code] = await once(server.child, "exit");
  assert.equal(code, 0);
});
