import assert from "node:assert/strict";
import { test } from "node:test";
import type { Emulator } from "@godwit/bundler/contracts";
import { get, REPLAY, replay, sendRaw, start } from "./artefact.fixture.ts";

/** Status, headers without those of every answer, body. */
async function shape(answer: Promise<Response>): Promise<unknown[]> {
  const response = await answer;
  const own = [...response.headers].filter(([name]) => !["date", "connection", "keep-alive"].includes(name));
  return [response.status, own, await response.text()];
}
const COOKIES = ["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"];
const INTERNAL = [
  500,
  [
    ["content-length", "35"],
    ["content-type", "application/json"],
  ],
  '{"message":"Internal Server Error"}',
];

test("format 2.0: status, headers, cookies and base64 reach the client, and bytes are counted anew", async (t) => {
  const emulator = await start(t, REPLAY);
  const headers = { "content-type": "image/png", "content-length": "999", "X-N": 7 };
  const result = { statusCode: 201, headers, cookies: COOKIES, body: "/wA=", isBase64Encoded: true };
  const response = await replay(emulator, result);
  assert.equal(response.status, 201);
  assert.deepEqual(response.headers.getSetCookie(), COOKIES);
  assert.equal(response.headers.get("content-length"), "2");
  assert.equal(response.headers.get("x-n"), "7");
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array([255, 0]));
});

test("format 2.0: a result without a statusCode is the body of a 200", async (t) => {
  const emulator = await start(t, REPLAY);
  const json = (text: string) => [
    200,
    [
      ["content-length", String(text.length)],
      ["content-type", "application/json"],
    ],
    text,
  ];
  assert.deepEqual(await shape(replay(emulator, { a: 1 })), json('{"a":1}'));
  assert.deepEqual(await shape(replay(emulator, "hello")), json("hello"));
  assert.deepEqual(await shape(replay(emulator, null)), json("null"));
});

test("an HTTP API answers malformed results with its 500 and says why in the log", async (t) => {
  const emulator = await start(t, REPLAY);
  for (const bad of [
    { statusCode: "x" },
    { statusCode: 199 },
    { statusCode: 200, body: { a: 1 } },
    { statusCode: 200, headers: { a: null } },
    { statusCode: 200, headers: { a: "b\nc" } },
    { statusCode: 200, cookies: "a=1" },
    { statusCode: 200, isBase64Encoded: "yes" },
  ]) {
    assert.deepEqual(await shape(replay(emulator, bad)), INTERNAL, JSON.stringify(bad));
  }
  for await (const line of emulator.logs) {
    assert.match(line.text, /The answer is not one that http-api takes/);
    break;
  }
});

test("REST merges both header maps and renames what it keeps for itself", async (t) => {
  const emulator = await start(t, REPLAY, { front: "rest" });
  const response = await replay(emulator, {
    statusCode: 200,
    headers: { "X-A": "1", "Set-Cookie": "lost=1", "WWW-Authenticate": "Basic" },
    multiValueHeaders: { "set-cookie": COOKIES, "X-B": ["1", "2"] },
    body: "hi",
  });
  assert.deepEqual(response.headers.getSetCookie(), COOKIES);
  assert.equal(response.headers.get("x-a"), "1");
  assert.equal(response.headers.get("x-b"), "1, 2");
  assert.equal(response.headers.get("www-authenticate"), null);
  assert.equal(response.headers.get("x-amzn-remapped-www-authenticate"), "Basic");
  assert.equal(response.headers.get("content-type"), "application/json");
});

test("REST takes no member that its format does not know", async (t) => {
  const emulator = await start(t, REPLAY, { front: "rest" });
  for (const bad of [{ statusCode: 200, cookies: ["a=1"] }, { statusCode: 200, body: 1 }, { hello: 1 }, "text", null]) {
    const [status, , body] = await shape(replay(emulator, bad));
    assert.deepEqual([status, body], [502, '{"message": "Internal server error"}'], JSON.stringify(bad));
  }
});

test("a load balancer reads only the header map of its mode", async (t) => {
  const result = {
    statusCode: 200,
    statusDescription: "200 Fine",
    headers: { "X-Single": "1" },
    multiValueHeaders: { "X-Multi": ["1"], "Set-Cookie": COOKIES },
    body: "hi",
  };
  const seen = async (emulator: Emulator) => {
    const response = await replay(emulator, result);
    const { headers } = response;
    const picked = [
      headers.get("x-single"),
      headers.get("x-multi"),
      headers.getSetCookie(),
      headers.get("content-type"),
    ];
    return [response.statusText, ...picked];
  };
  const type = "application/octet-stream";
  assert.deepEqual(await seen(await start(t, REPLAY, { front: "alb" })), ["Fine", "1", null, [], type]);
  assert.deepEqual(await seen(await start(t, REPLAY, { front: "alb-multi" })), ["Fine", null, "1", COOKIES, type]);
});

test("Lattice takes header values as text and as lists", async (t) => {
  const emulator = await start(t, REPLAY, { front: "lattice" });
  const response = await replay(emulator, {
    statusCode: 418,
    headers: { "set-cookie": COOKIES, "x-a": "1" },
    body: "hi",
  });
  assert.equal(response.status, 418);
  assert.deepEqual(response.headers.getSetCookie(), COOKIES);
  assert.equal(response.headers.get("x-a"), "1");
});

test("HEAD, 204 and 304 carry no body, and a HEAD keeps the function's count", async (t) => {
  const source = `export const handler = async (event) => ({
    statusCode: Number(event.rawPath.slice(1)), headers: { "content-length": "5" }, body: event.requestContext.http.method === "HEAD" ? "" : "hello" });`;
  const emulator = await start(t, source);
  const ask = (method: string, path: string) =>
    sendRaw(emulator.url, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  assert.match(await ask("HEAD", "/200"), /\r\ncontent-length: 5\r\n[\s\S]*\r\n\r\n$/);
  assert.match(await ask("GET", "/204"), /^HTTP\/1\.1 204 [\s\S]*\r\n\r\n$/);
  assert.doesNotMatch(await ask("GET", "/304"), /content-length|hello/);
});

const BIG = `export const handler = async (event) => {
  const size = Number((event.rawPath ?? event.path).slice(1));
  return { statusCode: 200, body: "x".repeat(size), headers: { "content-type": "text/plain" } };
};`;
const MEGABYTE = 1024 * 1024;
const HTML_502 =
  "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

test("requests over a front's limit get its own 413", async (t) => {
  const post = async (front: string, megabytes: number) => {
    const emulator = await start(t, REPLAY, { front });
    const body = new Uint8Array(megabytes * MEGABYTE + 1);
    const response = await emulator.fetch(new Request(emulator.url, { method: "POST", body }));
    return [response.status, await response.text()];
  };
  assert.deepEqual(await post("http-api", 10), [413, '{"message":"Request Entity Too Large"}']);
  // The event is bigger than its body: base64 of 5 MB does not fit into 6 MB.
  assert.deepEqual(await post("rest", 5), [413, '{"message": "Request Too Long"}']);
  assert.deepEqual(await post("function-url", 6), [
    413,
    '{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}',
  ]);
  assert.match(String((await post("alb", 1))[1]), /<h1>413 Request Entity Too Large<\/h1>/);
});

test("answers over Lambda's 6 MB, or a load balancer's 1 MB, are the front's failure", async (t) => {
  const api = await start(t, BIG);
  assert.equal((await (await get(api, `/${5 * MEGABYTE}`)).text()).length, 5 * MEGABYTE);
  assert.deepEqual(await shape(get(api, `/${7 * MEGABYTE}`)), INTERNAL);
  assert.equal((await get(api, "/1")).status, 200, "the environment serves on");
  const balancer = await start(t, BIG, { front: "alb" });
  assert.deepEqual((await shape(get(balancer, `/${MEGABYTE}`))).at(-1), HTML_502);
});

test("what no route takes is answered in the words of each front", async (t) => {
  const answers: Record<string, unknown> = {};
  for (const front of ["http-api", "rest", "function-url", "alb", "lattice"]) {
    const emulator = await start(t, REPLAY, { front, routes: [{ match: "GET /a", function: "main" }] });
    const response = await get(emulator, "/b");
    answers[front] = [response.status, (await response.text()).slice(0, 49)];
  }
  assert.deepEqual(answers, {
    "http-api": [404, '{"message":"Not Found"}'],
    rest: [403, '{"message":"Missing Authentication Token"}'],
    "function-url": [404, '{"Message":null}'],
    alb: [404, "<html>\r\n<head><title>404 Not Found</title></head>"],
    lattice: [404, ""],
  });
});
