import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type DeployEvent, deploy } from "./deploy.ts";
import { createCloud, open, serve } from "./memory.fixture.ts";
import { warm } from "./warm.ts";

const { signal } = new AbortController();

test("each path is asked of each address, each URL as it is, and once", async (t) => {
  const seen: string[] = [];
  const note = (path: string) => {
    seen.push(path);
    return path.endsWith("/moved") ? 301 : 200;
  };
  const urls = [await serve(t, (path) => note(`one${path}`)), await serve(t, (path) => note(`two${path}`))];
  const other = await serve(t, (path) => note(`other${path}`));
  const answers: string[] = [];
  const list = ["/", "/moved", "//x/y", "/", `${other.origin}/feed`];
  const onAnswer = (url: string, all: number, why?: string) =>
    void answers.push(`${new URL(url).pathname} ${all} ${why}`);
  assert.deepEqual(await warm(list, { urls, signal, onAnswer }), { warm: 7, failed: [], left: 0 });
  assert.deepEqual(seen.sort(), ["one/", "one//x/y", "one/moved", "other/feed", "two/", "two//x/y", "two/moved"]);
  assert.ok(answers.includes("/feed 7 undefined"));
});

test("a few at a time, each read to its end", async (t) => {
  let [now, most, came, read] = [0, 0, 0, 0];
  const held: (() => void)[] = [];
  const server = createServer((_request, response) => {
    most = Math.max(most, ++now);
    came++;
    response.write("a".repeat(100_000));
    response.on("finish", () => {
      now--;
      read++;
    });
    // Nobody is answered before four stand there, as long as more are to come.
    held.push(() => response.end("b".repeat(900_000)));
    if (held.length === 4 || came > 16) for (const answer of held.splice(0)) answer();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`); // listening on TCP
  const list = Array.from({ length: 20 }, (_, at) => `/${at}`);
  assert.equal((await warm(list, { urls: [url], signal })).warm, 20);
  assert.deepEqual([most, read], [4, 20]);
});

test("what fails is told and stops nothing; what hangs ends at the deadline", async (t) => {
  const server = createServer((request, response) => {
    if (request.url === "/gone") request.socket.destroy();
    else if (request.url === "/bad") response.writeHead(500).end();
    else if (request.url !== "/hangs") response.end("fine");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`); // listening on TCP
  const list = ["/hangs", "/gone", "/bad", "/"];
  const { warm: count, failed, left } = await warm(list, { urls: [url], signal, deadline: 500 });
  assert.deepEqual([count, left, failed.length], [1, 1, 2]);
  assert.match(failed.map(({ url, why }) => `${new URL(url).pathname} ${why}`).join(), /\/bad status 500/);
  const stopped = AbortSignal.abort();
  assert.deepEqual(await warm(list, { urls: [url], signal: stopped }), { warm: 0, failed: [], left: 4 });
  assert.deepEqual(await warm(["/"], { urls: [], signal }), {
    warm: 0,
    failed: [{ url: "/", why: "the deployment has no address" }],
    left: 0,
  });
});

test("a deploy warms what has the traffic, after its lock is free, and one that changes nothing does not", async (t) => {
  const cloud = createCloud();
  const seen: string[] = [];
  const url = await serve(t, (path) => {
    seen.push(`${path} ${cloud.serves("/")} ${cloud.lock === undefined}`);
    return path === "/bad" ? 500 : 200;
  });
  const events: DeployEvent[] = [];
  const run = (version: string) => {
    const { deployer, input } = open(cloud, { functions: { index: version } });
    deployer.urls = async () => [url];
    const confirm = async () => ({ go: true, remove: false });
    const onEvent = (event: DeployEvent) => void events.push(event);
    return deploy({ deployer, input, requests: [], warm: ["/", "/bad"], confirm, onEvent });
  };
  const { outcome, warmed } = await run("1");
  assert.deepEqual([outcome, warmed?.warm, warmed?.failed[0]?.why], ["deployed", 1, "status 500"]);
  assert.deepEqual(seen.sort(), ["/ 1 true", "/bad 1 true"]);
  const last = events.filter(({ type }) => type === "step").at(-1);
  assert.deepEqual(last, { type: "step", step: "warm" });
  assert.equal((await run("1")).warmed, undefined);
  assert.equal(seen.length, 2);
});
