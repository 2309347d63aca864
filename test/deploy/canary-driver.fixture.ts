/**
 * A deploy with a canary in a process of its own, so that it can be killed: `node canary-driver.fixture.ts <options as JSON>`.
 * It loads little, since it is started often.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "@godwit/core/manifest";
import { CANARY_LIMITS, deploy, deployers, systemClock } from "@godwit/deploy";

interface Options {
  root: string;
  secrets?: Record<string, string>;
  env: Record<string, string>;
}

const { root, env, secrets = {} } = JSON.parse(process.argv[2] ?? "") as Options; // the test's own
const manifest = parseManifest(readFileSync(join(root, "manifest.json"), "utf8"));
const vendor = await deployers[manifest.deployer]?.();
if (!vendor) throw new Error("there is no vendor of that name");
const input = {
  app: "links",
  stage: "production",
  artefact: { root, manifest },
  settings: vendor.parseSettings({}),
  vars: {},
  secrets,
  env,
  clock: systemClock,
  signal: new AbortController().signal,
  warn: () => {},
};
const metrics = async () => ({ requests: 10, errors: 0, p95: 1 });
await deploy({
  deployer: await vendor.open(input),
  input,
  requests: [{ method: "GET", path: "/", status: 200 }],
  confirm: async () => ({ go: true, remove: true }),
  onEvent: () => {},
  canary: { steps: [0.5], interval: 40, limits: { ...CANARY_LIMITS, samples: 5 }, metrics },
});
