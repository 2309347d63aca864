/**
 * Reports of apps that were never built, of any number of functions.
 * @module
 */
import type { Manifest } from "@godwit/core/manifest";
import { createPlan, createTarget } from "./bundle.fixture.ts";
import type { BuiltFunction, RouteNeed, RoutePlan } from "./contracts.ts";
import { type ReportData, type ReportInput, toReportData } from "./report-data.ts";
import type { Weight } from "./steps.ts";

export interface FakeFunction {
  id: string;
  packages: Weight[];
  needs?: RouteNeed[];
  hash?: string;
  startupCpu?: number;
}

function toRoute({ id, needs = [] }: FakeFunction): RoutePlan {
  return {
    file: `routes/${id}.ts`,
    pattern: `/${id}`,
    segments: [],
    methods: ["GET"],
    config: {},
    middleware: [],
    needs,
    usesWaitUntil: false,
    external: [],
  };
}

/** What the steps before would hand to the report. */
export function createInput(fakes: readonly FakeFunction[], more: Partial<ReportInput> = {}): ReportInput {
  const sizeOf = ({ packages }: FakeFunction): number => packages.reduce((sum, { bytes }) => sum + bytes, 0);
  const routes = fakes.map(toRoute);
  const functions = fakes.map((fake, at): BuiltFunction => {
    const own = routes.slice(at, at + 1);
    return { plan: { ...createPlan(fake.id), routes: own, reason: "a function of its own" }, files: [], maps: [] };
  });
  const manifest: Manifest = {
    version: 1,
    app: "shop",
    target: "fake",
    deployer: "nobody",
    functions: fakes.map((fake) => ({
      id: fake.id,
      role: "handler",
      variant: "plain",
      reason: "",
      entry: "",
      files: [],
      bytes: sizeOf(fake),
      gzipBytes: sizeOf(fake),
      routes: [],
      settings: {},
      hash: fake.hash ?? "h1",
    })),
    front: { kind: "fake", routes: [] },
    assets: [],
    resources: [],
    triggers: [],
    env: { vars: [], secrets: [] },
    verify: [],
    hash: "h",
  };
  const edge = createTarget({ capabilities: { runtime: "workerd", nodeBuiltins: ["buffer"], nativeModules: false } });
  const measured = fakes.flatMap(({ id, startupCpu }) =>
    startupCpu === undefined ? [] : [[id, { startupCpu, firstUseCpu: 2 * startupCpu }] as const],
  );
  return {
    name: "shop",
    functions,
    weights: {},
    target: createTarget({ limits: { functions: 2000, functionBytes: 1_000_000, startup: 1000 } }),
    targetConfig: {},
    config: {},
    assets: [],
    app: {
      root: "/",
      routes,
      matchers: {},
      rootMiddleware: [],
      assets: [],
      envNames: { vars: [], secrets: [] },
      base: { needs: [], usesWaitUntil: false, external: [] },
      code: {
        chunks: [40_000, 100],
        routes: Object.fromEntries(routes.map(({ file }, at) => [file, at < 2 ? [0, 1] : [1]])),
      },
    },
    manifest,
    reports: fakes.map((fake) => ({
      id: fake.id,
      bytes: sizeOf(fake),
      gzipBytes: Math.round(sizeOf(fake) / 3),
      packages: fake.packages,
      headroom: {},
    })),
    notices: [],
    platforms: [{ target: { ...edge, name: "edgy" }, targetConfig: {} }],
    ...(measured.length > 0 && { startup: Object.fromEntries(measured) }),
    ...more,
  };
}

export function createReport(fakes: readonly FakeFunction[], more: Partial<ReportInput> = {}): ReportData {
  return toReportData(createInput(fakes, more));
}

/** `fn-0001` and so on, each with a few packages. */
export function manyFunctions(count: number): FakeFunction[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `fn-${String(at + 1).padStart(4, "0")}`,
    packages: [
      { name: "zod", bytes: 80_000 },
      { name: `routes/fn-${at + 1}.ts`, bytes: 1000 + (at % 97) * 40 },
      { name: "@godwit/core", bytes: 5000 },
      { name: "@godwit/adapters", bytes: 6000 },
    ],
  }));
}
