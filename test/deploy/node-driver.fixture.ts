/**
 * A deploy in a process of its own, so that it can be killed: `node node-driver.fixture.ts <options as JSON>`.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseManifest } from "@godwit/core/manifest";
import { CANARY_LIMITS } from "../../packages/deploy/src/engine/canary.ts";
import { ship } from "./node.fixture.ts";

interface Options {
  path: string;
  stage: string;
  root: string;
  settings: Record<string, unknown>;
  canary: boolean;
}

const { root, canary, ...place } = JSON.parse(process.argv[2] ?? "") as Options; // the test's own
const artefact = { root, manifest: parseManifest(readFileSync(join(root, "manifest.json"), "utf8")) };
// Verified by another test: each request here would be one more ssh.
const { outcome, release, urls } = await ship(
  { ...place, artefact },
  {
    requests: [{ method: "GET", path: "/" }],
    ...(canary && {
      canary: {
        steps: [0.5],
        interval: 400,
        limits: { ...CANARY_LIMITS, samples: 5 },
        metrics: async () => ({ requests: 10, errors: 0, p95: 1 }),
      },
    }),
  },
);
console.log(JSON.stringify({ outcome, id: release?.id, url: urls[0]?.href }));
