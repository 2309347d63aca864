import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { MANIFEST_VERSION, type Manifest } from "@godwit/core/manifest";
import type { Change, Clock, Deployer, DeployInput, Made, Metrics, Release, Spec } from "../contracts.ts";
import { locked, lockLost } from "./errors.ts";
import { defineKind } from "./kind.ts";
import { hashOf } from "./names.ts";

/** A cloud in memory, with one app in it: functions that are beside each other, crons that are not, releases of them. */
export interface Cloud {
  functions: Map<string, string>;
  crons: Map<string, string>;
  secrets: Map<string, string>;
  releases: (Release & { code: Record<string, string> })[];
  lock: { owner: string; until: number } | undefined;
  /** Names of calls that change something, in order. */
  calls: string[];
  /** Names of calls that look. */
  looks: string[];
  /** Asked before and after each call that changes something. */
  fault?(name: string, when: "before" | "after", index: number): void;
  metrics?(release: Release): Metrics | undefined;
  /** What the world gets for a path. */
  serves(path: string): string;
}

export function createCloud(): Cloud {
  const cloud: Cloud = {
    functions: new Map(),
    crons: new Map(),
    secrets: new Map(),
    releases: [],
    lock: undefined,
    calls: [],
    looks: [],
    serves(path) {
      const live = [...cloud.releases].sort((a, b) => b.share - a.share)[0];
      return live && live.share > 0 ? (live.code[path.slice(1) || "index"] ?? "404") : "nothing";
    },
  };
  return cloud;
}

/** Stands still but for those who sleep. */
export function createClock(): Clock & { slept: number[] } {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(milliseconds, signal) {
      signal?.throwIfAborted();
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
}

export interface App {
  functions: Record<string, string>;
  crons?: Record<string, string>;
  secrets?: string[];
}

export interface Opened {
  deployer: Deployer;
  input: DeployInput;
  controller: AbortController;
  warnings: string[];
  clock: ReturnType<typeof createClock>;
}

export interface OpenOptions {
  /** Address of the candidate's server. */
  candidate?: URL;
  owner?: string;
  values?: Record<string, string>;
  clock?: ReturnType<typeof createClock>;
}

/** An opened stage, as a vendor's folder gives one. */
export function open(cloud: Cloud, app: App | undefined, options: OpenOptions = {}): Opened {
  const { candidate = new URL("http://127.0.0.1:1/"), owner = "me", values = {}, clock = createClock() } = options;
  const controller = new AbortController();
  const warnings: string[] = [];
  const input: DeployInput = {
    app: "shop",
    stage: "production",
    ...(app && { artefact: { root: "/nowhere", manifest: toManifest(app) } }),
    settings: {},
    vars: {},
    secrets: values,
    env: {},
    clock,
    signal: controller.signal,
    warn: (line) => void warnings.push(line),
  };
  let index = 0;
  const call = async <T>(name: string, work: () => T): Promise<T> => {
    const own = index++;
    controller.signal.throwIfAborted();
    await Promise.resolve();
    cloud.fault?.(name, "before", own);
    controller.signal.throwIfAborted();
    cloud.calls.push(name);
    const result = work();
    cloud.fault?.(name, "after", own);
    controller.signal.throwIfAborted();
    return result;
  };
  const look = async <T>(name: string, work: () => T): Promise<T> => {
    controller.signal.throwIfAborted();
    cloud.looks.push(name);
    return work();
  };
  const thing = (name: string, phase: "prepare" | "settle", held: Map<string, string>) =>
    defineKind<string, string>({
      name,
      phase,
      list: () => look(`list ${name}`, () => new Map(held)),
      diff: (value, live): Change[] => (value === live ? [] : [{ path: "code", from: live, to: value }]),
      create: (spec) =>
        call(`create ${name}/${spec.name}`, () => {
          held.set(spec.name, spec.value);
          return spec.value;
        }),
      update: (spec) =>
        call(`update ${name}/${spec.name}`, () => {
          held.set(spec.name, spec.value);
          return spec.value;
        }),
      remove: (one) => call(`remove ${name}/${one}`, () => void held.delete(one)),
      irreversible: (spec, live) => (name === "cron" && !spec && live ? "its past runs are forgotten" : undefined),
    });
  const specs: Spec[] = [
    ...Object.entries(app?.functions ?? {}).map(([name, value]) => ({ kind: "function", name, value })),
    ...Object.entries(app?.crons ?? {}).map(([name, value]) => ({
      kind: "cron",
      name,
      value,
      after: Object.keys(app?.functions ?? {}).map((one) => `function/${one}`),
    })),
  ];
  const fingerprint = hashOf({ functions: app?.functions ?? {}, secrets: app?.secrets ?? [] });
  const find = (id: string) => {
    const found = cloud.releases.find((one) => one.id === id);
    if (!found) throw new Error(`no release ${id}`);
    return found;
  };
  const deployer: Deployer = {
    place: "a cloud in memory",
    kinds: [thing("function", "prepare", cloud.functions), thing("cron", "settle", cloud.crons)],
    specs: async () => specs,
    fingerprint: () => fingerprint,
    secrets: {
      list: () => look("list secrets", () => [...cloud.secrets.keys()]),
      set: (name, value) => call(`set secret ${name}`, () => void cloud.secrets.set(name, value)),
      remove: (name) => call(`remove secret ${name}`, () => void cloud.secrets.delete(name)),
    },
    async lock(ttl) {
      const held = cloud.lock;
      if (held && held.until > clock.now() && held.owner !== owner) throw locked(held.owner, held.until);
      cloud.lock = { owner, until: clock.now() + ttl };
      return {
        async renew() {
          if (cloud.lock?.owner !== owner) throw lockLost(cloud.lock?.owner ?? "nobody");
          cloud.lock = { owner, until: clock.now() + ttl };
        },
        async release() {
          if (cloud.lock?.owner === owner) cloud.lock = undefined;
        },
      };
    },
    releases: () => look("releases", () => cloud.releases.map(({ code: _, ...release }) => ({ ...release }))),
    release: (made: Made) =>
      call("make release", () => {
        const code = Object.fromEntries(
          specs
            .filter(({ kind }) => kind === "function")
            .map(({ name }) => [name, String(made.get(`function/${name}`))]),
        );
        const before = cloud.releases.find((one) => one.fingerprint === fingerprint);
        if (before) return { ...before };
        const at = new Date(clock.now()).toISOString();
        const release = { id: `r${cloud.releases.length + 1}`, fingerprint, at, share: 0, kept: false, code };
        cloud.releases.unshift(release);
        return { ...release };
      }),
    candidate: async () => ({ url: candidate, headers: { "x-candidate": "yes" } }),
    switch: (release, share = 1) =>
      call(`switch ${release.id} ${share}`, () => {
        const live = cloud.releases.find((one) => one.share > 0 && one.id !== release.id);
        for (const one of cloud.releases) one.share = 0;
        if (live) live.share = 1 - share;
        find(release.id).share = share;
        if (share === 1) find(release.id).kept = true;
      }),
    async reset() {
      const shared = cloud.releases.filter(({ share }) => share > 0);
      const old = shared.at(-1);
      if (shared.length < 2 || !old) return;
      await call("end canary", () => {
        for (const one of cloud.releases) one.share = 0;
        old.share = 1;
      });
    },
    urls: async () => [new URL("https://shop.example/")],
    metrics: async (release) => cloud.metrics?.(release),
    destroy: () =>
      call("destroy", () => {
        cloud.releases = [];
        cloud.lock = undefined;
      }),
    async close() {},
  };
  return { deployer, input, controller, warnings, clock };
}

function toManifest({ functions, secrets = [] }: App): Manifest {
  return {
    version: MANIFEST_VERSION,
    app: "shop",
    target: "memory",
    deployer: "memory",
    functions: Object.keys(functions).map((id) => ({
      id,
      role: "handler" as const,
      variant: "memory",
      reason: "",
      entry: "",
      files: [],
      bytes: 0,
      gzipBytes: 0,
      routes: [{ pattern: id === "index" ? "/" : `/${id}`, file: `routes/${id}.ts`, methods: ["GET"] }],
      settings: {},
      hash: "",
    })),
    front: { kind: "memory", routes: [] },
    assets: [],
    resources: [],
    triggers: [],
    env: { vars: [], secrets },
    verify: [],
    hash: hashOf(functions),
  };
}

/** Answers requests on loopback until the test ends. */
export async function serve(
  t: TestContext,
  answer: (path: string, headers: Record<string, unknown>, method: string) => number,
): Promise<URL> {
  const server: Server = createServer((request, response) => {
    response.statusCode = answer(request.url ?? "/", request.headers, request.method ?? "");
    response.end("answer");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`); // listening on TCP
}
