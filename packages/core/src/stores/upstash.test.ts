import { after, type TestContext } from "node:test";
import { startRedis } from "../rate-limit/redis.fixture.ts";
import { conformTo } from "./conformance.fixture.ts";
import { countTo } from "./counters-conformance.fixture.ts";
import { startFront } from "./upstash.fixture.ts";
import { open, upstash } from "./upstash.ts";

const server = await startRedis();
const front = await startFront(server.path, "secret");
after(async () => {
  await front.close();
  await server.close();
});

const bindings = { UPSTASH_REDIS_REST_URL: front.url, UPSTASH_REDIS_REST_TOKEN: "secret" };
let stores = 0;
const subject = {
  name: "upstash",
  guarantees: upstash().guarantees,
  open: (_: TestContext) => open({ deadline: 10_000 }, { name: `s${++stores}`, bindings }),
};
conformTo(subject);
countTo(subject);
