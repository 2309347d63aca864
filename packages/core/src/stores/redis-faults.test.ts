import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { findProgram } from "../../../../test/programs.ts";
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { findPort, type Redis, type RedisOptions, startRedis } from "../rate-limit/redis.fixture.ts";
import { open, type RedisOptions as StoreOptions } from "./redis.ts";
import type { Store } from "./store.ts";
import { takeAtOnce } from "./takers.fixture.ts";

async function start(t: TestContext, options?: RedisOptions): Promise<Redis> {
  const server = await startRedis(options);
  t.after(() => server.close());
  return server;
}

const openAt = (REDIS_URL: string, options: StoreOptions = {}): Store =>
  open({ deadline: 5_000, ...options }, { name: "main", bindings: { REDIS_URL } });

const rules = [{ algorithm: fixedWindow, limit: 100, window: 86_400_000_000 }];

/** A port that hands each connection to `serve`. */
async function listen(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `redis://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

test("a server that went and came again is found again, and meanwhile each call has a coded error", async (t) => {
  const port = await findPort();
  const first = await startRedis({ port });
  const store = openAt(`redis://127.0.0.1:${port}`);
  await store.set("key", "one");
  await first.close();
  const unreachable = { code: "STORE_UNREACHABLE", message: /"main"/ };
  for (let at = 0; at < 3; at++) {
    await assert.rejects(store.get("key"), unreachable);
    await assert.rejects(store.set("key", "x"), unreachable);
    await assert.rejects(async () => store.counters?.take("key", rules), unreachable);
  }
  await start(t, { port });
  assert.equal(await store.get("key"), undefined);
  assert.equal((await store.counters?.take("key", rules))?.rules[0]?.remaining, 99);
});

test("a server that is not there yet when the store is opened is found when it is", async (t) => {
  const port = await findPort();
  const store = openAt(`redis://127.0.0.1:${port}`);
  await assert.rejects(store.get("key"), { code: "STORE_UNREACHABLE", message: /ECONNREFUSED/ });
  await start(t, { port });
  assert.equal(await store.get("key"), undefined);
});

test("a server that accepts and never answers ends with the deadline", async (t) => {
  const store = openAt(await listen(t, () => {}), { deadline: 100 });
  const unreachable = { code: "STORE_UNREACHABLE" };
  await assert.rejects(store.get("key"), unreachable);
  await assert.rejects(async () => store.counters?.take("key", rules), unreachable);
});

test("a connection that froze is given up, and the next call has a new one", async (t) => {
  const server = await start(t);
  const store = openAt(server.path, { deadline: 1_000 });
  await store.set("key", "x");
  server.signal("SIGSTOP");
  await assert.rejects(store.get("key"), { code: "STORE_UNREACHABLE" });
  await assert.rejects(async () => store.counters?.take("key", rules), { code: "STORE_UNREACHABLE" });
  server.signal("SIGCONT");
  // What was sent before it woke is not known to be done: the key of the take that failed is not asked.
  let found = await store.get("key").catch(() => undefined);
  while (!found) found = await store.get("key").catch(() => undefined);
  assert.equal(found.text(), "x");
});

test("a connection that died while nobody used it is looked at before it is used, even for a take", async (t) => {
  const server = await start(t);
  let isDead = false;
  const address = await listen(t, (socket) => {
    const inner = connect(server.path);
    inner.on("error", () => {});
    // Dead is what was there then: it swallows all and tells nobody, as a socket of a Lambda that slept.
    const isOld = !isDead;
    socket.on("data", (data) => !(isDead && isOld) && inner.write(data));
    inner.on("data", (data) => socket.write(data));
    socket.on("close", () => inner.destroy());
  });
  const store = openAt(address);
  assert.equal((await store.counters?.take("key", rules))?.rules[0]?.remaining, 99);
  isDead = true;
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 60_000 });
  assert.equal((await store.counters?.take("key", rules))?.rules[0]?.remaining, 98);
});

test("a take whose answer is lost is not done twice; a read is", async (t) => {
  const server = await start(t);
  let cuts = 0;
  const address = await listen(t, (socket) => {
    const inner = connect(server.path);
    inner.on("error", () => {});
    socket.on("data", (data) => {
      inner.write(data);
      if (cuts > 0 && /EVALSHA|HMGET/.test(String(data))) {
        cuts--;
        inner.once("data", () => socket.destroy());
      } else inner.once("data", (answer) => socket.write(answer));
    });
    socket.on("close", () => inner.destroy());
  });
  const store = openAt(address);
  await store.counters?.take("key", rules);
  cuts = 1;
  await assert.rejects(async () => store.counters?.take("key", rules), { code: "STORE_UNREACHABLE" });
  assert.equal((await store.counters?.take("key", rules))?.rules[0]?.remaining, 97);
  await store.set("key", "x");
  cuts = 1;
  assert.equal((await store.get("key"))?.text(), "x");
  assert.equal(cuts, 0);
});

test("a wrong password, and none, is refused with the name of the variable, and tells no password", async (t) => {
  const port = await findPort();
  await start(t, { port, password: "right" });
  for (const part of [":wrong-one@", ""]) {
    const store = openAt(`redis://${part}127.0.0.1:${port}`);
    for (const run of [() => store.get("key"), () => store.counters?.take("key", rules) ?? Promise.resolve()]) {
      await assert.rejects(run, (error: Error) => {
        assert.equal("code" in error && error.code, "STORE_REFUSED");
        assert.match(error.message, /REDIS_URL/);
        assert.doesNotMatch(inspect(error, { depth: 9 }), /wrong-one/);
        return true;
      });
    }
  }
  await openAt(`redis://:right@127.0.0.1:${port}`).set("key", "x");
});

test("a user without the right to scripts is refused", async (t) => {
  const port = await findPort();
  const server = await start(t, { port });
  await server.send("ACL", "SETUSER", "reader", "on", ">word", "~*", "+hmget");
  const store = openAt(`redis://reader:word@127.0.0.1:${port}`);
  assert.equal(await store.get("key"), undefined);
  await assert.rejects(store.set("key", "x"), { code: "STORE_REFUSED" });
});

test("a user needs no rights but to these commands on the keys of the store", async (t) => {
  const port = await findPort();
  const server = await start(t, { port });
  const names = "hmget hset del pexpire zadd zrem zrangebylex zrangebyscore get set exists time eval evalsha";
  const rights = names.split(" ").map((name) => `+${name}`);
  await server.send("ACL", "SETUSER", "app", "on", ">word", "~{main}:*", ...rights);
  const store = openAt(`redis://app:word@127.0.0.1:${port}`);
  await store.set("key", "x", { ttl: 60 });
  assert.deepEqual((await store.list()).keys, [{ key: "key" }]);
  await store.delete("key");
  assert.equal((await store.counters?.take("key", rules))?.allowed, true);
  await (await store.counters?.lease("key", 60))?.release();
  assert.ok(await store.counters?.lease("key", 60));
});

test("a database that the server does not have is an error, and nothing goes to another", async (t) => {
  const port = await findPort();
  const server = await start(t, { port });
  await assert.rejects(openAt(`redis://127.0.0.1:${port}/99`).set("key", "x"), {
    code: "STORE_FAILED",
    message: /DB index is out of range/,
  });
  await openAt(`redis://127.0.0.1:${port}/3`).set("key", "x");
  assert.equal(await server.send("DBSIZE"), 0);
});

test("a server that is a replica for now is tried again, and used when it is a primary", async (t) => {
  const server = await start(t);
  const store = openAt(server.path);
  await server.send("REPLICAOF", "127.0.0.1", "1");
  await assert.rejects(store.set("key", "x"), { code: "STORE_UNREACHABLE", message: /READONLY/ });
  await server.send("REPLICAOF", "NO", "ONE");
  await store.set("key", "x");
  assert.equal((await store.get("key"))?.text(), "x");
});

test("an error that trying again does not mend is told with the server's words", async (t) => {
  const server = await start(t);
  await server.send("SET", "{main}:v:key", "not a hash");
  await assert.rejects(openAt(server.path).get("key"), { code: "STORE_FAILED", message: /WRONGTYPE/ });
});

test("rediss:// is TLS, with a server whose certificate is trusted and no other", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "godwit-tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost".split(" ");
  const names = ["-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(findProgram("openssl", "openssl"), [...request, ...names, "-keyout", key, "-out", cert], {
    stdio: "pipe",
  });
  const port = await findPort();
  const files = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-auth-clients", "no"];
  await start(t, { settings: ["--tls-port", `${port}`, ...files] });
  const address = `rediss://127.0.0.1:${port}`;
  await assert.rejects(openAt(address).get("key"), { code: "STORE_UNREACHABLE", message: /self.signed/ });
  const taker = { driver: "redis", options: { deadline: 20_000 }, bindings: { REDIS_URL: address }, takes: 200 };
  assert.equal(await takeAtOnce([taker], { NODE_EXTRA_CA_CERTS: cert }), 100);
});

test("a server without TLS behind rediss:// is no server", async (t) => {
  const port = await findPort();
  await start(t, { port });
  await assert.rejects(openAt(`rediss://127.0.0.1:${port}`, { deadline: 400 }).get("key"), {
    code: "STORE_UNREACHABLE",
  });
});

test("a variable that is not there, or holds no address, is named, and its value is not told", () => {
  assert.throws(() => open({}, { name: "main", bindings: {} }), {
    code: "STORE_VARIABLE_INVALID",
    message: /reads REDIS_URL, and there is none/,
  });
  // A password with letters that end a host: the rest of it would be looked up, and told, as a name.
  for (const CACHE_URL of ["https://tail@example.com", "redis://:wo#tail@host:6379", "redis://:wo/tail@host:6379"]) {
    assert.throws(
      () => open({ url: "CACHE_URL" }, { name: "main", bindings: { CACHE_URL } }),
      (error: Error) => error.message.includes("CACHE_URL") && !error.message.includes("tail"),
    );
  }
});

test("thousands of calls while the server is away all end, and the store works after", async (t) => {
  const port = await findPort();
  const store = openAt(`redis://127.0.0.1:${port}`);
  const all = await Promise.allSettled(Array.from({ length: 3_000 }, (_, at) => store.get(`${at}`)));
  assert.ok(all.every((one) => one.status === "rejected" && one.reason.code === "STORE_UNREACHABLE"));
  const server = await start(t, { port });
  await store.set("key", "x");
  const clients = String(await server.send("CLIENT", "LIST"));
  assert.equal(clients.trim().split("\n").length, 2, "one of the store, one of the test");
});
