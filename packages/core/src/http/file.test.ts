import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf } from "../app.fixture.ts";
import { decodeAssetPath, type ServedFile, type ServeFileOptions, serveFile } from "./file.ts";

const BYTES = new TextEncoder().encode("0123456789");
const DATE = "Wed, 21 Oct 2026 07:28:00 GMT";
const BEFORE = "Wed, 21 Oct 2026 07:27:59 GMT";
const AFTER = "Wed, 21 Oct 2026 07:28:01 GMT";

const file: ServedFile = {
  size: 10,
  type: "text/plain",
  etag: '"v1"',
  lastModified: new Date(Date.parse(DATE) + 123),
  open: (range) => (range ? BYTES.slice(range.start, range.end + 1) : BYTES),
};

interface Asked extends ServeFileOptions {
  method?: string;
  file?: Partial<ServedFile>;
}

/** Through an app, so that what is thrown is an answer. */
function ask(headers: Record<string, string> = {}, { method = "GET", file: change, ...options }: Asked = {}) {
  const app = appOf((request) => serveFile(request, { ...file, ...change }, options));
  return app.fetch(new Request("http://a/", { method, headers }));
}

const part = async (response: Response) => [
  response.status,
  response.headers.get("content-range"),
  await response.text(),
];

test("a file is answered whole, with validators and its length", async () => {
  const response = await ask({}, { headers: { "cache-control": "max-age=60" } });
  assert.deepEqual(Object.fromEntries(response.headers), {
    "accept-ranges": "bytes",
    "cache-control": "max-age=60",
    "content-length": "10",
    "content-type": "text/plain",
    etag: '"v1"',
    "last-modified": DATE,
  });
  assert.deepEqual(await part(response), [200, null, "0123456789"]);
});

test("HEAD has the headers of GET, ignores ranges and opens nothing", async () => {
  const open = () => assert.fail("opened");
  const response = await ask({ range: "bytes=0-1" }, { method: "HEAD", file: { open } });
  assert.deepEqual([response.status, response.headers.get("content-length"), response.body], [200, "10", null]);
});

test("another method is a 405", async () => {
  const response = await ask({}, { method: "POST" });
  assert.deepEqual([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
});

test("one range is a 206 with exactly its bytes", async () => {
  const ranges: [string, string, string][] = [
    ["bytes=0-3", "bytes 0-3/10", "0123"],
    ["bytes=8-", "bytes 8-9/10", "89"],
    ["bytes=-3", "bytes 7-9/10", "789"],
    ["bytes=-99", "bytes 0-9/10", "0123456789"],
    ["bytes=5-99999999999999999999", "bytes 5-9/10", "56789"],
    ["BYTES=9-9", "bytes 9-9/10", "9"],
  ];
  for (const [range, said, body] of ranges) {
    const response = await ask({ range });
    assert.equal(response.headers.get("content-length"), String(body.length), range);
    assert.deepEqual(await part(response), [206, said, body], range);
  }
});

test("several ranges, malformed ones and other units are answered with the whole", async () => {
  for (const range of [
    "bytes=0-1,3-4",
    "bytes=3-1",
    "bytes=",
    "bytes=-",
    "bytes=a-b",
    "bytes 0-1",
    "items=0-1",
    "bytes=0-1-2",
    "bytes=-1.5",
  ]) {
    assert.deepEqual(await part(await ask({ range })), [200, null, "0123456789"], range);
  }
});

test("a range beyond the end is a 416 that tells the size", async () => {
  for (const range of ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"]) {
    const response = await ask({ range });
    assert.deepEqual([response.status, response.headers.get("content-range")], [416, "bytes */10"], range);
    assert.equal((await response.json()).code, "RANGE_UNSATISFIABLE");
  }
});

test("an empty file has no satisfiable first byte, and its last bytes are the whole", async () => {
  const empty = { size: 0, open: () => new Uint8Array() };
  assert.equal((await ask({ range: "bytes=0-" }, { file: empty })).status, 416);
  assert.deepEqual(await part(await ask({ range: "bytes=-5" }, { file: empty })), [200, null, ""]);
});

test("If-None-Match is weighed weakly and goes before If-Modified-Since", async () => {
  for (const tag of ['"v1"', 'W/"v1"', '"x", W/"v1"', '"a,b" , "v1"', "*"]) {
    const response = await ask({ "if-none-match": tag, "if-modified-since": BEFORE });
    assert.deepEqual([response.status, response.body, response.headers.get("etag")], [304, null, '"v1"'], tag);
    assert.equal(response.headers.get("content-type"), null);
    assert.equal(response.headers.get("content-length"), null);
  }
  for (const tag of ['"v2"', "v1", '"v1', ""]) {
    assert.equal((await ask({ "if-none-match": tag, "if-modified-since": AFTER })).status, 200, tag);
  }
});

test("If-Modified-Since counts whole seconds, and an unreadable date is passed over", async () => {
  const statuses = await Promise.all(
    [BEFORE, DATE, AFTER, "yesterday"].map(async (date) => (await ask({ "if-modified-since": date })).status),
  );
  assert.deepEqual(statuses, [200, 304, 304, 200]);
  assert.equal((await ask({ "if-modified-since": AFTER }, { file: { lastModified: undefined } })).status, 200);
});

test("a 304 keeps Last-Modified only where there is no tag", async () => {
  const dated = await ask({ "if-modified-since": DATE }, { file: { etag: undefined }, headers: { vary: "accept" } });
  assert.deepEqual(
    [dated.status, dated.headers.get("last-modified"), dated.headers.get("vary")],
    [304, DATE, "accept"],
  );
  assert.equal((await ask({ "if-modified-since": DATE })).headers.get("last-modified"), null);
});

test("If-Match is weighed strongly, and If-Unmodified-Since where it is absent", async () => {
  const status = async (headers: Record<string, string>, etag = '"v1"') =>
    (await ask(headers, { file: { etag } })).status;
  assert.equal(await status({ "if-match": '"v1"' }), 200);
  assert.equal(await status({ "if-match": "*" }), 200);
  assert.equal(await status({ "if-match": '"v2"' }), 412);
  assert.equal(await status({ "if-match": 'W/"v1"' }, 'W/"v1"'), 412);
  assert.equal(await status({ "if-unmodified-since": BEFORE }), 412);
  assert.equal(await status({ "if-unmodified-since": DATE }), 200);
  assert.equal(await status({ "if-match": '"v1"', "if-unmodified-since": BEFORE }), 200);
});

test("If-Range serves the range only for the very same strong tag or date", async () => {
  const status = async (value: string, change: Partial<ServedFile> = {}) =>
    (await ask({ range: "bytes=0-1", "if-range": value }, { file: change })).status;
  assert.equal(await status('"v1"'), 206);
  assert.equal(await status('"v2"'), 200);
  assert.equal(await status('W/"v1"', { etag: 'W/"v1"' }), 200);
  assert.equal(await status(DATE), 206);
  assert.equal(await status(AFTER), 200);
  assert.equal(await status("nonsense"), 200);
  assert.equal((await ask({ range: "bytes=50-", "if-range": '"v2"' })).status, 200);
});

test("a stream is a body as well", async () => {
  const open = async () => new Response("0123456789").body ?? new Uint8Array();
  assert.deepEqual(await part(await ask({}, { file: { open } })), [200, null, "0123456789"]);
});

test("a download's name reaches old and new clients and cannot break out of its header", async () => {
  const named = async (download: string) => (await ask({}, { download })).headers.get("content-disposition");
  assert.equal(await named("report.pdf"), 'attachment; filename="report.pdf"');
  assert.equal(await named('a"b\r\n.txt'), "attachment; filename=\"a_b__.txt\"; filename*=UTF-8''a%22b%0D%0A.txt");
  assert.equal(
    await named("grüße(1)*.txt"),
    "attachment; filename=\"gr__e(1)_.txt\"; filename*=UTF-8''gr%C3%BC%C3%9Fe%281%29%2A.txt",
  );
});

test("an asset's path is decoded once and never leaves its folder", () => {
  assert.equal(decodeAssetPath("/a%20b/%C3%BC.txt"), "/a b/ü.txt");
  assert.equal(decodeAssetPath("/100%2525"), "/100%25");
  for (const path of ["/..", "/a/../b", "/%2e%2e/etc", "/a%2Fb", "/a%5Cb", "/a\\b", "/a%00", "/%", "/./a"]) {
    assert.equal(decodeAssetPath(path), undefined, path);
  }
});
