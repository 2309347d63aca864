import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { withServer } from "../node/serve.fixture.ts";
import { defineLightResponse } from "./light-response.ts";
import { raw } from "./raw.fixture.ts";

const Native = globalThis.Response;
const { Light, take } = defineLightResponse(Native);
const classes = [Native, Light];

/** Everything that a caller can see of an answer, or of why there is none. */
async function look(make: (Class: typeof Response) => Response, Class: typeof Response): Promise<unknown> {
  let response: Response;
  try {
    response = make(Class);
  } catch (error) {
    return String(error);
  }
  const { status, statusText, ok, url, type, redirected } = response;
  const copy = response.clone();
  const seen = [status, statusText, ok, url, type, redirected, response.body === null, response.bodyUsed];
  const headers = [...response.headers];
  const text = await response.text();
  const again = await response.text().catch(String);
  const cloned = [copy.status, copy.statusText, [...copy.headers], await copy.text()];
  return { seen, headers, text, used: response.bodyUsed, again, cloned };
}

async function same(make: (Class: typeof Response) => Response, what: unknown): Promise<void> {
  assert.deepEqual(await look(make, Light), await look(make, Native), inspect(what));
}

const bodies = (): unknown[] => [
  ...[undefined, null, "", "text", "ü\ud800", 5, true, {}, [1], Symbol.iterator],
  ...[new Uint8Array([104, 105]), Buffer.from("hi"), new Uint8Array([1, 104, 2]).subarray(1, 2), new ArrayBuffer(2)],
  ...[new DataView(new ArrayBuffer(1)), new Uint16Array([26_984]), new Uint8Array(new SharedArrayBuffer(1))],
  ...[new URLSearchParams("a=1"), new Blob(["b"], { type: "x/y" }), new Blob(["b"]), new Blob(["b"]).stream()],
];

const inits = (): unknown[] => [
  ...[undefined, null, {}, "init", 5, () => {}, new Date(0), Object.create({ status: 201 })],
  ...[0, 99, 101, 199, 200, 204, 205, 304, 404, 599, 600, 200.5, Number.NaN, "201", "x", null].map((status) => ({
    status,
  })),
  ...["", "Fine", "a\tb", "\u00ff", "\u0100", "a\nb", "\x01", null, 5].map((statusText) => ({ statusText })),
  ...[
    {},
    { "X-A": " 1 " },
    { "x-a": "1", "X-A": "2" },
    [
      ["set-cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["x", "\u00ff"],
    ],
    new Headers({ "content-type": "text/html" }),
    { "Content-Type": "" },
    { connection: "close", "x-b": undefined },
    null,
    "a",
    [["a"]],
    { "a b": "1" },
    { a: "\u0100" },
    { a: "b\r\nc: d" },
    { a: "b\0" },
    { "": "1" },
  ].map((headers) => ({ headers })),
  { status: 700, headers: { "a b": "1" } },
  new Native("x", { status: 418, statusText: "Tea", headers: { "x-tea": "1" } }),
  new Light("x", { status: 418, statusText: "Tea", headers: { "x-tea": "1" } }),
];

test("every body and every init gives what the platform gives, its errors included", async () => {
  for (const at of bodies().keys()) {
    for (const last of inits().keys()) {
      const make = (Class: typeof Response) => Reflect.construct(Class, [bodies()[at], inits()[last]]);
      await same(make, [bodies()[at], inits()[last]]);
    }
  }
  await same((Class) => new Class(), "no argument");
});

test("an init is read once, and a body and headers as they are at that moment", async () => {
  for (const Class of classes) {
    let reads = 0;
    const init = {
      get status() {
        reads++;
        return 700;
      },
    };
    assert.throws(() => new Class("a", init), RangeError);
    assert.equal(reads, 1);
    const bytes = new Uint8Array([97]);
    const headers = new Headers({ "x-a": "1" });
    const response = new Class(bytes, { headers });
    bytes[0] = 98;
    headers.set("x-a", "2");
    assert.equal(response.headers.get("x-a"), "1");
    assert.equal(await response.text(), "a");
  }
});

test("the statics give what the platform gives", async () => {
  for (const init of inits().keys()) {
    const make = (Class: typeof Response) => Reflect.apply(Class.json, Class, [{ a: "ü" }, inits()[init]]);
    await same(make, inits()[init]);
  }
  for (const data of [null, 1, "a", [undefined], undefined, () => {}, 1n]) {
    await same((Class) => Class.json(data), data);
  }
  await same((Class) => Reflect.apply(Class.json, Class, []), "no data");
  for (const status of [undefined, 302, 307, 200]) {
    await same((Class) => Class.redirect("http://a.test/b", status), status);
  }
  assert.equal(Light.error().type, "error");
  assert.ok(Light.error() instanceof Light);
});

test("a light response and the platform's own are instances of both classes", () => {
  const light = new Light("a");
  const native = new Native("a");
  for (const response of [light, native, new Light(new Blob(["a"]))]) {
    assert.ok(response instanceof Light);
    assert.ok(response instanceof Native);
  }
  assert.ok(!({} instanceof Light));
  assert.equal(Object.prototype.toString.call(light), "[object Response]");
  assert.equal(light.constructor, Light);
  assert.equal(Light.name, "Response");
  assert.equal(Light.length, 0);
  assert.equal(inspect(new Light("a")), inspect(native));
  assert.deepEqual(Object.keys(Light.prototype).sort(), Object.keys(Native.prototype).sort());
  assert.throws(() => structuredClone(light), { name: "DataCloneError" });
  assert.throws(() => Reflect.apply(Light, undefined, []), TypeError);
});

test("members of the class work on the platform's responses, and on nothing else", async () => {
  const { get } = Object.getOwnPropertyDescriptor(Light.prototype, "status") ?? {};
  assert.equal(get?.call(new Native(null, { status: 201 })), 201);
  assert.equal(await Light.prototype.text.call(new Native("a")), "a");
  assert.equal(await Light.prototype.clone.call(new Native("a")).text(), "a");
  assert.throws(() => get?.call({}), TypeError);
  await assert.rejects(async () => Light.prototype.text.call({} as Response), TypeError); // what a wrong caller does
});

test("a class that extends it keeps its own members, light or not", async () => {
  class Mine extends Light {
    kind = "mine";
  }
  for (const body of ["a", new Blob(["a"])]) {
    const mine = new Mine(body, { status: 201 });
    assert.ok(mine instanceof Mine && mine instanceof Light && mine instanceof Native);
    assert.deepEqual([mine.kind, mine.status, await mine.text()], ["mine", 201, "a"]);
  }
  assert.ok(!(new Light("a") instanceof Mine));
});

test("a body is read in every way, and then no more", async () => {
  for (const Class of classes) {
    const readers: Record<string, (response: Response) => Promise<unknown>> = {
      text: (response) => response.text(),
      json: async (response) => String(await response.json()),
      arrayBuffer: async (response) => new TextDecoder().decode(await response.arrayBuffer()),
      bytes: async (response) => new TextDecoder().decode(await response.bytes()),
      blob: async (response) => (await response.blob()).text(),
      body: async (response) => new Native(response.body).text(),
      wrapped: async (response) => new Class(response.body, response).text(),
    };
    for (const [name, read] of Object.entries(readers)) {
      const response = new Class("17");
      assert.equal(await read(response), "17", name);
      assert.ok(response.bodyUsed, name);
      assert.throws(() => response.clone(), TypeError);
      await assert.rejects(response.text(), TypeError);
    }
    const { body } = new Class("17");
    assert.equal(body, body);
  }
});

test("blob and formData go by the type that the headers have by then, and a clone has headers of its own", async () => {
  for (const Class of classes) {
    const response = new Class("a=1");
    response.headers.set("content-type", "application/x-www-form-urlencoded");
    const copy = response.clone();
    copy.headers.delete("content-type");
    assert.equal((await response.formData()).get("a"), "1");
    assert.equal((await copy.blob()).type, "");
    assert.equal(copy.clone === response.clone, true);
  }
});

test("a body is taken once, and not where it was read or may be", () => {
  const response = new Light("a");
  assert.equal(take(response)?.body, "a");
  assert.ok(response.bodyUsed);
  assert.equal(take(response), undefined);
  const read = new Light("a");
  void read.body;
  assert.equal(take(read), undefined);
  assert.equal(take(new Native("a")), undefined);
  assert.equal(take(new Light(new Blob(["a"]))), undefined);
});

test("a server sends text, bytes and nothing with their lengths, and fields as Latin-1", async () => {
  const answers: Record<string, () => Response> = {
    "/ascii": () => new Response("abc", { headers: { "x-latin": "\u00e9" } }),
    "/wide": () => new Response("ü€", { headers: { "x-latin": "\u00e9" } }),
    "/bytes": () => new Response(new Uint8Array([0xff, 0x61]), { headers: { "x-latin": "\u00e9" } }),
    "/large": () => new Response("ä".repeat(9000), { headers: { "x-latin": "\u00e9" } }),
    "/none": () => new Response(null, { headers: { "x-latin": "\u00e9" } }),
    "/empty": () => new Response("", { headers: { "x-latin": "\u00e9" } }),
    "/gone": () => new Response(null, { status: 204, headers: { "x-latin": "\u00e9" } }),
    "/json": () => Response.json({ a: 1 }, { headers: { "x-latin": "\u00e9" } }),
  };
  const seen: string[][] = [];
  for (const nativeRequest of [false, true]) {
    await withServer(
      (request) => answers[new URL(request.url).pathname]?.() ?? new Response(null, { status: 404 }),
      async (url) => {
        const texts: string[] = [];
        for (const path of Object.keys(answers)) {
          const text = await raw(url, `GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
          assert.match(text, /x-latin: \u00e9\r\n/);
          texts.push(text.replace(/Date: .*\r\n/i, ""));
        }
        seen.push(texts);
      },
      { nativeRequest },
    );
  }
  assert.deepEqual(seen[0], seen[1]);
});

test("cookies are lines of their own, and a response that is sent twice is refused the second time", async () => {
  let kept: Response | undefined;
  const answer = () => {
    kept ??= new Response("a", {
      headers: [
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ],
    });
    return kept;
  };
  await withServer(answer, async (url) => {
    const first = await fetch(url);
    assert.deepEqual(first.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal(await first.text(), "a");
    assert.equal((await fetch(url)).status, 500);
  });
});
