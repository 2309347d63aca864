import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import type { RoutePlan } from "@godwit/bundler/contracts";
import { buildArtefact, configure, type FixtureFunction, helloRoute, planOf } from "./artefact.fixture.ts";
import { target } from "./target.ts";

const hello: FixtureFunction = { id: "app", routes: { "/": helloRoute } };
const split: FixtureFunction[] = [
  {
    id: "app",
    role: "dispatcher",
    routes: { "/nightly": helloRoute },
    schedules: { "/nightly": "0 3 * * *" },
    behind: [{ id: "user-pages", patterns: ["/users", "/tick"] }],
  },
  {
    id: "user-pages",
    routes: { "/users": helloRoute, "/tick": helloRoute },
    schedules: { "/tick": "0 3 * * *" },
  },
];

const readJson = async (...path: string[]) => JSON.parse(await readFile(join(...path), "utf8"));

async function choose(config: RoutePlan["config"], slice: object = {}) {
  const [route] = planOf(hello).routes;
  assert.ok(route);
  return target.choose({ route: { ...route, config }, lacks: () => undefined }, await configure(slice));
}

describe("config", () => {
  test("an empty slice is a whole config, with Node's built-ins", async () => {
    const config = await configure();
    assert.equal(config.compatibilityDate, "2026-07-30");
    assert.deepEqual(config.compatibilityFlags, ["nodejs_compat"]);
    assert.equal(target.limits?.(config).functionGzipBytes, 3 * 1024 * 1024);
    assert.equal(target.limits?.(await configure({ plan: "paid" })).functionGzipBytes, 10 * 1024 * 1024);
  });

  test("what is unknown or impossible is an issue that names it", async () => {
    await assert.rejects(configure({ kvs: {} }), /kvs/);
    await assert.rejects(configure({ name: "Not A Name" }), /lower-case/);
    await assert.rejects(configure({ kv: { "a-b": {} } }), /identifier/);
    await assert.rejects(configure({ ratelimits: { R: { namespace: "1", limit: 1, period: 30 } } }), /period/);
  });
});

describe("variants", () => {
  test("Node's built-ins are there with the flag alone", async () => {
    assert.equal((await choose({})).variant, "worker");
    assert.equal((await choose({}, { compatibilityFlags: [] })).variant, "worker-web");
    assert.ok(target.variants.worker?.nodeBuiltins.includes("crypto"));
    assert.ok(!target.variants.worker?.nodeBuiltins.includes("child_process"));
    assert.deepEqual(target.variants["worker-web"]?.nodeBuiltins, []);
  });

  test("a runtime or a region that Cloudflare has not is an error with the file's name", async () => {
    await assert.rejects(choose({ runtime: "node" }), { code: "CLOUDFLARE_RUNTIME", message: /routes\/\.ts/ });
    await assert.rejects(choose({ regions: ["fra1"] }), { code: "CLOUDFLARE_REGIONS" });
    assert.equal((await choose({ runtime: "edge" })).variant, "worker");
  });
});

describe("entries", () => {
  test("carry schedules only where a route has one", async () => {
    const config = await configure();
    assert.equal(
      target.entry(planOf(hello), config),
      'import app from "godwit:app";\nimport { toWorker } from "@godwit/adapters/cloudflare";\nexport default toWorker(app);\n',
    );
    const plan = planOf({ ...hello, schedules: { "/": "0 3 * * 1" } });
    assert.match(target.entry(plan, config), /toScheduled\(app, \{"0 3 \* \* MON":\["\/"\]\}\)/);
  });
});

describe("layout", () => {
  test("one Worker is one folder, with its assets beside it", async () => {
    const artefact = await buildArtefact([{ ...hello, schedules: { "/": "0 3 * * *" } }], {
      config: {
        kv: { CACHE: {} },
        vars: { A: "b" },
        domains: ["example.com"],
        routes: [{ pattern: "a.com/*", zone: "a.com" }],
      },
      assets: { "/robots.txt": "x" },
    });
    try {
      const wrangler = await readJson(artefact.root, "app/wrangler.json");
      assert.deepEqual(wrangler, {
        name: "acme-my-app",
        main: "index.js",
        compatibility_date: "2026-07-30",
        compatibility_flags: ["nodejs_compat", "enable_request_signal"],
        no_bundle: true,
        find_additional_modules: true,
        rules: [{ type: "ESModule", globs: ["**/*.js"] }],
        workers_dev: false,
        vars: { A: "b" },
        kv_namespaces: [{ binding: "CACHE" }],
        routes: [
          { pattern: "a.com/*", zone_name: "a.com" },
          { pattern: "example.com", custom_domain: true },
        ],
        triggers: { crons: ["0 3 * * *"] },
        assets: { directory: "../assets", html_handling: "none", not_found_handling: "none" },
      });
      assert.deepEqual(await readdir(join(artefact.root, "assets")), ["robots.txt"]);
      const { functions, resources, triggers, front } = artefact.manifest;
      assert.equal(functions[0]?.entry, "app/index.js");
      assert.deepEqual(front, { kind: "worker", routes: [{ match: "/*", function: "app" }] });
      assert.deepEqual(triggers, [{ kind: "schedule", schedule: "0 3 * * *", pattern: "/", function: "app" }]);
      assert.deepEqual(
        resources.map(({ kind, name }) => [kind, name]),
        [
          ["worker", "app"],
          ["kv", "CACHE"],
        ],
      );
    } finally {
      await artefact.remove();
    }
  });

  test("Workers behind a dispatcher have no address, and the dispatcher has the crons", async () => {
    const artefact = await buildArtefact(split, { assets: { "/a.txt": "a" } });
    try {
      const front = await readJson(artefact.root, "app/wrangler.json");
      const behind = await readJson(artefact.root, "user-pages/wrangler.json");
      assert.deepEqual(front.services, [
        { binding: "FN_USER_PAGES", service: "acme-my-app-user-pages" },
        { binding: "FN_USER_PAGES_SCHEDULE", service: "acme-my-app-user-pages", entrypoint: "schedule" },
      ]);
      assert.deepEqual(front.vars.GODWIT_SCHEDULES, {
        "0 3 * * *": { "/nightly": "", "/tick": "FN_USER_PAGES_SCHEDULE" },
      });
      assert.deepEqual(front.triggers, { crons: ["0 3 * * *"] });
      assert.equal(front.workers_dev, true);
      assert.equal(behind.name, "acme-my-app-user-pages");
      assert.equal(behind.workers_dev, false);
      assert.equal(behind.preview_urls, false);
      assert.equal(behind.triggers, undefined);
      assert.equal(behind.assets, undefined);
    } finally {
      await artefact.remove();
    }
  });

  test("several Workers without one in front are refused", async () => {
    await assert.rejects(buildArtefact([hello, { ...hello, id: "b" }]), { code: "CLOUDFLARE_NO_DISPATCHER" });
  });

  test("a file of public/ that Cloudflare would take for a setting is refused", async () => {
    await assert.rejects(buildArtefact([hello], { assets: { "/_headers": "x" } }), {
      code: "CLOUDFLARE_ASSETS",
      message: /public\/_headers/,
    });
  });
});

describe("wrangler", () => {
  /** Cloudflare's own client, which builds the upload and stops before it. */
  const dryRun = async (folder: string): Promise<string> => {
    const wrangler = join(import.meta.dirname, "../../../../test/node_modules/wrangler/bin/wrangler.js");
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [wrangler, "deploy", "--dry-run", "--outdir", join(dirname(folder), "out")],
      {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          HOME: dirname(folder),
          WRANGLER_SEND_METRICS: "false",
          CLOUDFLARE_CF_FETCH_ENABLED: "false",
          CI: "1",
          NO_COLOR: "1",
        },
      },
    );
    return stdout + stderr;
  };

  test("takes every Worker of the layout as it is, without bundling", { timeout: 60_000 }, async () => {
    const bindings = {
      vars: { A: "b", LIST: [1] },
      kv: { CACHE: { id: "0123456789abcdef0123456789abcdef" } },
      r2: { FILES: { bucket: "files" } },
      d1: { DB: { name: "db", id: "x" } },
      queues: { QUEUE: { queue: "jobs" } },
      services: { API: { service: "elsewhere" } },
      ratelimits: { LIMITER: { namespace: "1", limit: 5, period: 60 } },
    };
    const artefact = await buildArtefact(split, { config: bindings, assets: { "/a.txt": "a" } });
    try {
      for (const id of ["app", "user-pages"]) {
        const output = await dryRun(join(artefact.root, id));
        assert.match(output, /--dry-run: exiting now/);
        assert.doesNotMatch(output, /warning|error/i);
        assert.match(output, /env\.CACHE/);
        const chunks = artefact.manifest.functions.find((fn) => fn.id === id)?.files.map(({ path }) => path) ?? [];
        for (const path of chunks.slice(1))
          assert.ok(output.includes(path.slice(id.length + 1)), `${path} is attached`);
      }
    } finally {
      await artefact.remove();
    }
  });
});
