/**
 * The rehearsal's answers against Cloudflare's own models: the members that its SDK (cloudflare/cloudflare-typescript,
 * August 2026) declares as always there, with their types.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildApp } from "./apps.fixture.ts";
import { inNothing, rehearse, ship } from "./cloudflare.fixture.ts";

/** A type's name, or the members of an object; in brackets: of each of a list that must not be empty. */
type Shape = string | readonly [Shape] | { readonly [member: string]: Shape };

const VERSION = {
  id: "string",
  number: "number",
  metadata: {
    author_email: "string",
    author_id: "string",
    created_on: "string",
    hasPreview: "boolean",
    modified_on: "string",
    source: "string",
  },
};
const DEPLOYMENT = {
  id: "string",
  created_on: "string",
  source: "string",
  strategy: "string",
  versions: [{ percentage: "number", version_id: "string" }],
} as const;
const WHOLE = {
  ...VERSION,
  startup_time_ms: "number",
  resources: {
    bindings: [{ name: "string", type: "string" }],
    script: { etag: "string", handlers: ["string"], last_deployed_from: "string" },
    script_runtime: { compatibility_date: "string", compatibility_flags: ["string"], usage_model: "string" },
  },
} as const;
const CONTENTS = {
  id: "string",
  number: "number",
  created_on: "string",
  urls: "object",
  main_module: "string",
  modules: [{ name: "string", content_type: "string", content_base64: "string" }],
} as const;
const DOMAIN = {
  id: "string",
  cert_id: "string",
  hostname: "string",
  service: "string",
  zone_id: "string",
  zone_name: "string",
};

function check(value: unknown, shape: Shape, at: string): void {
  if (typeof shape === "string") {
    assert.equal(typeof value, shape, at);
    return;
  }
  if (Array.isArray(shape)) {
    assert.ok(Array.isArray(value) && value.length > 0, at);
    for (const one of value) check(one, shape[0] as Shape, `${at}[]`); // a tuple of one
    return;
  }
  assert.ok(value && typeof value === "object", at);
  for (const [member, inner] of Object.entries(shape)) check(Object(value)[member], inner, `${at}.${member}`);
}

test("answers have what Cloudflare's SDK says is always there", async (t) => {
  const plane = await rehearse(t, inNothing);
  const files = {
    "routes/index.ts": 'export const GET = () => new Response("one");',
    "routes/clean.ts": 'export const config = { schedule: "0 3 * * *" };\nexport const GET = () => new Response("");',
    "room.ts": "export class Room {}",
    "env.ts": 'import { defineEnv } from "@godwit/core";\nexport default defineEnv({ secrets: ["KEY"] });',
  };
  const slice = {
    kv: { LINKS: {} },
    d1: { DB: { name: "main" } },
    r2: { FILES: { bucket: "files" } },
    durableObjects: { ROOM: { class: "Room", module: "room.ts" } },
    domains: ["links.example.com"],
    routes: [{ pattern: "example.com/*" }],
  };
  const { release } = await ship(plane, await buildApp(t, "cloudflare", files, slice), { secrets: { KEY: "hidden" } });
  const { CLOUDFLARE_API_BASE_URL: base, CLOUDFLARE_ACCOUNT_ID: account } = plane.env;
  const ask = async (shape: Shape, call: string, body?: unknown): Promise<void> => {
    const [method, path = ""] = call.split(" ");
    const headers = { authorization: "Bearer rehearsal" };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const url = path.startsWith("/zones") ? `${base}${path}` : `${base}/accounts/${account}${path}`;
    const answer = (await (await fetch(url, init)).json()) as Record<string, unknown>; // looked at below
    check(answer, { success: "boolean", errors: "object", messages: "object" }, call);
    assert.ok(answer.success, JSON.stringify(answer.errors));
    check(answer.result, shape, call);
  };
  const at = "/workers/scripts/links";
  await ask(
    [
      {
        id: "string",
        tag: "string",
        tags: ["string"],
        routes: [{ id: "string", pattern: "string", script: "string" }],
      },
    ],
    "GET /workers/scripts",
  );
  await ask({ items: [VERSION] }, `GET ${at}/versions?deployable=true`);
  await ask(WHOLE, `GET ${at}/versions/${release?.id}`);
  await ask(CONTENTS, `GET /workers/workers/links/versions/${release?.id}?include=modules`);
  await ask(
    [{ id: "string", name: "string", class: "string", script: "string", use_sqlite: "boolean" }],
    "GET /workers/durable_objects/namespaces",
  );
  await ask({ deployments: [DEPLOYMENT] }, `GET ${at}/deployments`);
  await ask(DEPLOYMENT, `POST ${at}/deployments`, {
    strategy: "percentage",
    versions: [{ version_id: release?.id, percentage: 100 }],
  });
  await ask([{ name: "string", type: "string" }], `GET ${at}/secrets`);
  await ask({ enabled: "boolean", previews_enabled: "boolean" }, `GET ${at}/subdomain`);
  await ask({ schedules: [{ cron: "string", created_on: "string" }] }, `GET ${at}/schedules`);
  await ask({ id: "string", expires_at: "string", url: "string" }, `POST ${at}/tails`, { filters: [] });
  await ask({ jwt: "string", buckets: "object" }, `POST ${at}/assets-upload-session`, { manifest: {} });
  await ask(
    {
      id: "string",
      created_on: "string",
      logpush: "boolean",
      name: "string",
      observability: {},
      references: {
        dispatch_namespace_outbounds: "object",
        domains: "object",
        durable_objects: "object",
        queues: "object",
      },
      subdomain: { enabled: "boolean", previews_enabled: "boolean" },
      tags: ["string"],
      tail_consumers: "object",
      updated_on: "string",
    },
    "GET /workers/workers/links",
  );
  await ask([DOMAIN], "GET /workers/domains?service=links");
  await ask(DOMAIN, "PUT /workers/domains", { hostname: "b.example.com", service: "links", zone_id: "0" });
  await ask([{ id: "string", name: "string" }], "GET /zones?name=example.com");
  await ask({ id: "string", pattern: "string", script: "string" }, "POST /zones/0/workers/routes", {
    pattern: "a.example.com/*",
    script: "links",
  });
  await ask([{ id: "string", pattern: "string", script: "string" }], "GET /zones/0/workers/routes");
  await ask([{ id: "string", title: "string" }], "GET /storage/kv/namespaces");
  await ask({ id: "string", title: "string" }, "POST /storage/kv/namespaces", { title: "another" });
  await ask([{ uuid: "string", name: "string", created_at: "string" }], "GET /d1/database");
  await ask({ name: "string", creation_date: "string" }, "GET /r2/buckets/files");
  const query = { queryId: "a", timeframe: { from: 0, to: Date.now() + 60_000 }, view: "calculations", parameters: {} };
  const filters = [{ key: "$workers.scriptVersion.id", operation: "eq", type: "string", value: release?.id }];
  await ask(
    {
      run: {
        id: "string",
        accountId: "string",
        dry: "boolean",
        granularity: "number",
        query: {},
        status: "string",
        timeframe: {},
        userId: "string",
      },
      statistics: { bytes_read: "number", elapsed: "number", rows_read: "number" },
      calculations: [
        {
          aggregates: [{ count: "number", interval: "number", sampleInterval: "number", value: "number" }],
          calculation: "string",
          series: "object",
        },
      ],
    },
    "POST /workers/observability/telemetry/query",
    { ...query, parameters: { filters, calculations: [{ operator: "count" }] } },
  );
});
