/** `redis()` with the next version of its client, which an app may have as well. */
import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { after, test } from "node:test";
import { findPort, startRedis } from "../rate-limit/redis.fixture.ts";
import { conformTo } from "./conformance.fixture.ts";
import { countTo } from "./counters-conformance.fixture.ts";
import { open, redis } from "./redis.ts";

let loaded = 0;
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "ioredis") return next(specifier, context);
    loaded++;
    return next("ioredis-6", context);
  },
});

const port = await findPort();
const server = await startRedis({ port, password: "right" });
after(() => server.close());

let stores = 0;
const openAt = (password: string) =>
  open(
    { deadline: 10_000 },
    { name: `s${++stores}`, bindings: { REDIS_URL: `redis://:${password}@127.0.0.1:${port}` } },
  );
const subject = { name: "redis with ioredis 6", guarantees: redis().guarantees, open: () => openAt("right") };
conformTo(subject);
countTo(subject);

test("redis with ioredis 6: a wrong password is refused", async () => {
  await assert.rejects(openAt("wrong").get("key"), { code: "STORE_REFUSED" });
  assert.ok(loaded > 0);
});
