import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createClock, createCloud, open, serve } from "./memory.fixture.ts";
import { defaultRequests, verify } from "./verify.ts";

const { signal } = new AbortController();

test("without a word, each route that needs no input is asked once, schedules are not, health checks are", () => {
  const { input } = open(createCloud(), { functions: { index: "1", about: "1", nightly: "1" } });
  const { manifest } = input.artefact ?? assert.fail();
  const [fn = assert.fail(), ...others] = manifest.functions;
  const routes = [
    ...fn.routes,
    { pattern: "/users/[id]", file: "", methods: ["GET"] },
    { pattern: "/orders", file: "", methods: ["POST"] },
    { pattern: "/mounted", file: "", methods: ["*"] },
  ];
  const requests = defaultRequests({
    ...manifest,
    functions: [{ ...fn, routes }, ...others],
    triggers: [{ kind: "schedule", schedule: "0 1 * * *", pattern: "/nightly", function: "nightly" }],
    verify: [
      { method: "GET", path: "/" },
      { method: "GET", path: "/healthz", status: 200 },
    ],
  });
  assert.deepEqual(requests, [
    { method: "GET", path: "/" },
    { method: "GET", path: "/about" },
    { method: "GET", path: "/mounted" },
    { method: "GET", path: "/healthz", status: 200 },
  ]);
});

test("a request that changes something is sent once, after the others", async (t) => {
  const seen: string[] = [];
  const url = await serve(t, (path, _headers, method) => {
    seen.push(`${method} ${path}`);
    return method === "POST" ? 500 : 200;
  });
  const requests = [
    { method: "POST", path: "/orders" },
    { method: "GET", path: "/" },
  ];
  const clock = createClock();
  await assert.rejects(verify({ url, headers: {} }, requests, { clock, signal }), {
    code: "DEPLOY_VERIFY_FAILED",
    message: /POST \/orders .* gave 500; wanted a status under 500/,
  });
  assert.deepEqual(seen, ["GET /", "POST /orders"]);
});

test("a redirect is an answer, a stream without an end is one when it begins, and no answer says why", async (t) => {
  const server = createServer((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    else response.writeHead(200).write("data: 1\n\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`); // listening on TCP
  const clock = createClock();
  const requests = [
    { method: "GET", path: "/moved", status: 302 },
    { method: "GET", path: "/events", status: 200 },
  ];
  assert.equal((await verify({ url, headers: {} }, requests, { clock, signal })).length, 2);
  const nowhere = { url: new URL("http://127.0.0.1:1/"), headers: {} };
  await assert.rejects(verify(nowhere, requests, { clock, signal, deadline: 1000 }), {
    code: "DEPLOY_VERIFY_FAILED",
    message: /gave (?:bad port|connect ECONNREFUSED)/,
  });
});

test("an interrupt ends it", async () => {
  const controller = new AbortController();
  controller.abort(new Error("stopped"));
  const candidate = { url: new URL("http://127.0.0.1:1/"), headers: {} };
  const requests = [{ method: "GET", path: "/" }];
  await assert.rejects(verify(candidate, requests, { clock: createClock(), signal: controller.signal }), /stopped/);
});

test("a path that looks like another host goes to the candidate, and the first failure ends the other requests", async (t) => {
  const seen: string[] = [];
  const url = await serve(t, (path) => {
    seen.push(path);
    return 200;
  });
  const clock = createClock();
  await verify({ url, headers: {} }, [{ method: "GET", path: "//127.0.0.1:1/secret" }], { clock, signal });
  assert.deepEqual(seen, ["//127.0.0.1:1/secret"]);
  let waiting = 0;
  const slow = createServer((request, response) => {
    if (request.url === "/broken") response.writeHead(404).end();
    else waiting++;
  });
  await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
  t.after(() => slow.close());
  t.after(() => slow.closeAllConnections());
  const ended = new Promise<void>((resolve) =>
    slow.on("connection", (socket) => socket.once("close", () => resolve())),
  );
  const candidate = { url: new URL(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`), headers: {} }; // on TCP
  const requests = [
    { method: "GET", path: "/hangs" },
    { method: "GET", path: "/broken", status: 200 },
  ];
  await assert.rejects(verify(candidate, requests, { clock, signal }), { code: "DEPLOY_VERIFY_FAILED" });
  await ended;
  assert.equal(waiting, 1);
});
