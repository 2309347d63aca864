/** The driver `upstash()` on the front that Upstash's own clients have judged. */
import { after } from "node:test";
import { conformTo } from "@godwit/core/stores/conformance.fixture";
import { countTo } from "@godwit/core/stores/counters-conformance.fixture";
import { open, upstash } from "@godwit/core/stores/upstash";
import { startUpstash } from "./upstash.fixture.ts";

const { url, token } = await startUpstash({ after });
const bindings = { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token };
let stores = 0;
const subject = {
  name: "upstash() on the local front",
  guarantees: upstash().guarantees,
  open: () => open({ deadline: 10_000 }, { name: `s${++stores}`, bindings }),
};
conformTo(subject);
countTo(subject);
