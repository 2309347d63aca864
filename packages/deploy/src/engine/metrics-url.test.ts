import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { createUrlMetrics } from "./metrics-url.ts";

const release = { id: "r/2", fingerprint: "", at: "", share: 0, kept: true };
const { signal } = new AbortController();

async function start(t: TestContext, status: number, body: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }; // listening on TCP
}

test("figures come from an address of the user's own, which is told release and time", async (t) => {
  const { asked, url } = await start(t, 200, '{"requests":7,"errors":1,"p95":20}');
  assert.deepEqual(await createUrlMetrics(`${url}/m?k=1`, signal)(release, 0), { requests: 7, errors: 1, p95: 20 });
  await createUrlMetrics(`${url}/m/{release}/{since}`, signal)(release, 0);
  assert.deepEqual(asked, [
    "/m?k=1&release=r%2F2&since=1970-01-01T00%3A00%3A00.000Z",
    "/m/r%2F2/1970-01-01T00%3A00%3A00.000Z",
  ]);
});

test("204 is that there are none yet; a failing address is a call that failed; anything else is refused", async (t) => {
  assert.equal(await createUrlMetrics((await start(t, 204, "")).url, signal)(release, 0), undefined);
  await assert.rejects(createUrlMetrics((await start(t, 503, "")).url, signal)(release, 0), {
    name: "CallError",
    status: 503,
  });
  await assert.rejects(createUrlMetrics("http://127.0.0.1:1/?key=canary", signal)(release, 0), (error: Error) => {
    assert.doesNotMatch(error.message, /canary/);
    return error.name === "CallError";
  });
  for (const body of ["<p>", '{"requests":"7"}', '{"requests":-1,"errors":0}']) {
    await assert.rejects(createUrlMetrics((await start(t, 200, body)).url, signal)(release, 0), {
      code: "DEPLOY_METRICS_INVALID",
    });
  }
});
