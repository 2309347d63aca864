import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, withServer } from "../node/serve.fixture.ts";

/** Every claim holds for lazy requests and for the platform's own. */
async function onBoth(answer: Answer, use: (url: URL) => Promise<void>): Promise<void> {
  for (const nativeRequest of [false, true]) await withServer(answer, use, { nativeRequest });
}

async function send(answer: Answer, init?: RequestInit, expected?: unknown): Promise<void> {
  await onBoth(answer, async (url) => {
    const response = await fetch(new URL("/path?q=1", url), init);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.deepEqual(JSON.parse(text), expected);
  });
}

const post: RequestInit = { method: "POST", body: '{"a":"ü"}', headers: { "content-type": "application/json" } };

test("a request is a Request, and shows what Fetch says it has", async () => {
  const answer: Answer = (request) => {
    const { method, url, redirect, mode, cache, credentials, bodyUsed, destination } = request;
    const { pathname } = new URL(url);
    const is = [request instanceof Request, Object.prototype.toString.call(request), "json" in request];
    return Response.json({ is, method, pathname, redirect, mode, cache, credentials, bodyUsed, destination });
  };
  await send(answer, undefined, {
    is: [true, "[object Request]", true],
    method: "GET",
    pathname: "/path",
    redirect: "follow",
    mode: "cors",
    cache: "default",
    credentials: "same-origin",
    bodyUsed: false,
    destination: "",
  });
});

test("a body is read in every way, once", async () => {
  const readers: Record<string, (request: Request) => Promise<unknown>> = {
    text: (request) => request.text(),
    json: async (request) => JSON.stringify(await request.json()),
    arrayBuffer: async (request) => new TextDecoder().decode(await request.arrayBuffer()),
    bytes: async (request) => new TextDecoder().decode(await request.bytes()),
    blob: async (request) => (await request.blob()).text(),
    body: (request) => new Response(request.body).text(),
  };
  for (const [name, read] of Object.entries(readers)) {
    const answer: Answer = async (request) => {
      const before = request.bodyUsed;
      const text = await read(request);
      const again = await request.text().catch((error) => error.name);
      return Response.json([name, before, text, request.bodyUsed, again]);
    };
    await send(answer, post, [name, false, '{"a":"ü"}', true, "TypeError"]);
  }
});

test("blob keeps its type and formData its fields and files", async () => {
  await send(async (request) => Response.json((await request.blob()).type), post, "application/json");
  const form = new FormData();
  form.set("name", "Grüße");
  form.set("file", new File(["bytes"], "a.txt", { type: "text/x-test" }));
  const answer: Answer = async (request) => {
    const { name, file } = Object.fromEntries(await request.formData());
    return Response.json(file instanceof File && [name, file.name, file.type, await file.text()]);
  };
  await send(answer, { method: "POST", body: form }, ["Grüße", "a.txt", "text/x-test", "bytes"]);
});

test("a byte order mark is no text", async () => {
  const body = new Uint8Array([0xef, 0xbb, 0xbf, 0x31]);
  await send(async (request) => Response.json([await request.json()]), { method: "POST", body }, [1]);
});

test("an empty body is null, and its text empty", async () => {
  const answer: Answer = async (request) =>
    Response.json([request.body === null, await request.text(), request.bodyUsed]);
  await send(answer, { method: "POST" }, [true, "", false]);
  await send(answer, undefined, [true, "", false]);
});

test("a body that is not JSON rejects with a SyntaxError", async () => {
  const answer: Answer = async (request) => Response.json(await request.json().catch((error) => error.name));
  await send(answer, { method: "POST", body: "{" }, "SyntaxError");
});

test("a clone is read beside its request", async () => {
  const answer: Answer = async (request) => {
    const copy = request.clone();
    return Response.json([copy.url === request.url, await copy.text(), await request.text()]);
  };
  await send(answer, post, [true, '{"a":"ü"}', '{"a":"ü"}']);
});

test("new Request takes a request, alone and with changes, and uses its body up", async () => {
  const answer: Answer = async (request) => {
    const changed = new Request(request, { headers: { "x-new": "1" } });
    const copy = new Request(changed);
    const { method, url } = copy;
    return Response.json([method, new URL(url).search, copy.headers.get("x-new"), request.bodyUsed, await copy.text()]);
  };
  await send(answer, post, ["POST", "?q=1", "1", true, '{"a":"ü"}']);
});

test("new Request takes a request as its init", async () => {
  const answer: Answer = async (request) => {
    const moved = new Request("http://elsewhere.test/", request);
    return Response.json([moved.method, moved.url, moved.headers.get("content-type"), await moved.text()]);
  };
  await send(answer, post, ["POST", "http://elsewhere.test/", "application/json", '{"a":"ü"}']);
});

test("a class that extends Request takes a request", async () => {
  const answer: Answer = async (request) => {
    class Mine extends Request {
      kind = "mine";
    }
    const mine = new Mine(request);
    return Response.json([mine.kind, mine instanceof Mine, mine instanceof Request, await mine.text()]);
  };
  await send(answer, post, ["mine", true, true, '{"a":"ü"}']);
});

test("fetch takes a request: a proxy in one line", async () => {
  await onBoth(
    (request) => new Response(request.body, { headers: { "x-seen": request.headers.get("content-type") ?? "" } }),
    async (behind) => {
      const proxy: Answer = (request) => fetch(new Request(new URL("/x", behind), request));
      const plain: Answer = (request) =>
        request.headers.has("x-proxied")
          ? new Response("end")
          : fetch(new Request(request, { headers: { "x-proxied": "1" } }));
      await onBoth(proxy, async (url) => {
        const response = await fetch(url, post);
        assert.equal(response.headers.get("x-seen"), "application/json");
        assert.equal(await response.text(), '{"a":"ü"}');
      });
      await onBoth(plain, async (url) => assert.equal(await (await fetch(url)).text(), "end"));
    },
  );
});

test("headers are kept as sent, cookies joined as one", async () => {
  const { raw } = await import("./raw.fixture.ts");
  const answer: Answer = (request) =>
    Response.json([
      request.headers.get("x-a"),
      request.headers.get("cookie"),
      [...request.headers.keys()].includes("host"),
    ]);
  await onBoth(answer, async (url) => {
    const head = `GET / HTTP/1.1\r\nHost: ${url.host}\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n`;
    assert.match(await raw(url, head), /\["1, 2","a=1; b=2",true\]$/);
  });
});
