import { after, type TestContext } from "node:test";
import { startRedis } from "../rate-limit/redis.fixture.ts";
import { conformTo } from "./conformance.fixture.ts";
import { countTo } from "./counters-conformance.fixture.ts";
import { open, redis } from "./redis.ts";

const server = await startRedis();
after(() => server.close());

let stores = 0;
const subject = {
  name: "redis",
  guarantees: redis().guarantees,
  open: (_: TestContext) => open({ deadline: 10_000 }, { name: `s${++stores}`, bindings: { REDIS_URL: server.path } }),
};
conformTo(subject);
countTo(subject);
