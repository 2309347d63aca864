/**
 * A deploy with a canary in a process of its own, so that it can be killed: `node aws-driver.fixture.ts <options as JSON>`.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "@godwit/core/manifest";
import { CANARY_LIMITS, deploy, deployers, systemClock } from "@godwit/deploy";

interface Options {
  root: string;
  env: Record<string, string>;
}

const { root, env } = JSON.parse(process.argv[2] ?? "") as Options; // the test's own
const vendor = await deployers.aws?.();
if (!vendor) throw new Error("there is no vendor of that name");
const input = {
  app: "links",
  stage: "production",
  artefact: { root, manifest: parseManifest(readFileSync(join(root, "manifest.json"), "utf8")) },
  settings: vendor.parseSettings({ keep: 1 }),
  vars: {},
  secrets: {},
  env,
  clock: systemClock,
  signal: new AbortController().signal,
  warn: () => {},
};
const deployer = await vendor.open(input);
await deploy({
  deployer,
  input,
  requests: [{ method: "GET", path: "/", status: 200 }],
  confirm: async () => ({ go: true, remove: true }),
  onEvent: () => {},
  canary: {
    steps: [0.3],
    interval: 40,
    limits: { ...CANARY_LIMITS, samples: 5 },
    metrics: async () => ({ requests: 10, errors: 0, p95: 1 }),
  },
});
await deployer.close();
