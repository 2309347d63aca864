import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { appSource } from "./entry.ts";
import { groupRoutes } from "./group.ts";
import { analyse, failsWith, fakeTarget } from "./scan.fixture.ts";
import { checkStores, chooseStores, countedIn, storeResources, storesIn } from "./stores.ts";

const uses = (expression: string) =>
  `export const GET = async (_: Request, context: any) => new Response(${expression});`;
const driver = {
  options: {},
  guarantees: { reads: "exact", durable: true, maxValue: 1, minTtl: 0, list: "exact" },
} as const;
const kv = { ...driver, module: "@godwit/core/stores/kv", runtimes: ["workerd" as const] };
const resource = { kind: "kv", name: "LINKS", spec: {} };

test("names of stores are read from code; one that is computed is any", async () => {
  const { transform } = await import("esbuild");
  const { code } = await transform(
    "c.store('a'); c?.store(`b`); c['store']('c'); c.store?.('a'); x.restore('d'); c.storeAll('e');",
  );
  assert.deepEqual(storesIn(code), ["a", "b", "c"]);
  assert.deepEqual(storesIn("context.store(name); context\n  .store(\n  "), ["*"]);
  const options = await transform(
    "rateLimit({ limits: [], store: 'a' }); f({ store: `b` }); g({ restore: 'c', store: x, 'a-store': 'd' });",
  );
  assert.deepEqual(storesIn(options.code), ["a", "b"]);
  assert.deepEqual(storesIn('f({store:"a"},{x:1,store:"b"})'), ["a", "b"]);
});

test("a rate limit's store is told from that of others", () => {
  const code = `var a = [cache({ store: "pages" }), rateLimit2({ key: (r) => f(r, ")"), store: "limits" }), g({ store: "x" })];
function rateLimit(options) { return open(options.store); }
rateLimit({ limits: [] }); rateLimit({ store: \`limits\``;
  assert.deepEqual(countedIn(code), ["limits"]);
});

test("a rate limit cannot be built on a driver that counts nothing", async () => {
  const app = await analyse({
    "lib/limit.ts": "export function rateLimit(options: any) { return () => options; }",
    "routes/a.ts": `import { rateLimit } from "../lib/limit";\n${uses('rateLimit({ store: "main", limits: [] })()')}`,
    "routes/b.ts": uses('context.store("main")'),
  });
  const target = fakeTarget({ front: "segments" });
  const config = { grouping: "route" as const, stores: { main: { cloud: { ...driver, module: "kv" } } } };
  const { plans } = await groupRoutes(app, { target, targetConfig: {}, config });
  const [a, b] = ["/a", "/b"].map((pattern) => plans.filter(({ routes }) => routes[0]?.pattern === pattern));
  assert.throws(() => checkStores(a ?? [], app, { target, config }), {
    code: "STORE_UNCOUNTED",
    message: /"main", which is kv on cloud/,
  });
  assert.deepEqual(checkStores(b ?? [], app, { target, config }), []);
});

test("a route names the stores of its whole graph, its middleware's included", async () => {
  const app = await analyse({
    "lib/links.ts":
      'export const links = (context: any) => context.store("links");\nexport const other = (c: any) => c.store("x");',
    "routes/index.ts": uses('"none"'),
    "routes/a.ts": `import { links } from "../lib/links";\n${uses("links(context)")}`,
    "routes/b/_middleware.ts": "export default (_: Request, c: any, next: any) => (c.store(c.route), next());",
    "routes/b/index.ts": uses('context.store("b")'),
    // As rateLimit() does: a computed name that the build does not see, beside the option that it does.
    "lib/limit.ts":
      "export const limit = ({ store: name }: any) => (context: any) => { const { store: open } = context; return open(name); };",
    "routes/c.ts": `import { limit } from "../lib/limit";\n${uses('limit({ limits: [1], store: "limits" })(context)')}`,
    "routes/d.ts": `import { limit } from "../lib/limit";\n${uses("limit({ limits: [1] })(context)")}`,
  });
  const found = Object.fromEntries(app.routes.map(({ pattern, stores }) => [pattern, stores]));
  assert.deepEqual(found, { "/": [], "/a": ["links"], "/b": ["*", "b"], "/c": ["limits"], "/d": [] });
  assert.deepEqual(app.base.stores, []);
});

test("a function holds the drivers that it uses and no other; without any, no word of stores", async () => {
  const app = await analyse({
    "routes/index.ts": uses('"none"'),
    "routes/a.ts": uses('context.store("one")'),
    "routes/b.ts": uses("context.store(context.route)"),
  });
  const { plans } = await groupRoutes(app, {
    target: fakeTarget({ front: "segments" }),
    targetConfig: {},
    config: { grouping: "route" },
  });
  const stores = {
    one: { ...kv, options: { binding: "ONE" } },
    two: { ...driver, module: "@godwit/core/stores/sqlite" },
  };
  const sourceOf = (pattern: string) => {
    const plan = plans.find(({ routes }) => routes.some((route) => route.pattern === pattern));
    assert.ok(plan);
    return appSource(plan, app, { stores });
  };
  assert.doesNotMatch(sourceOf("/"), /store/);
  assert.match(
    sourceOf("/a"),
    /stores: openStores\(\{ "one": \{ open: \(given\) => store0\(\{"binding":"ONE"\}, given\) \} \}\)/,
  );
  assert.doesNotMatch(sourceOf("/a"), /sqlite/);
  assert.match(sourceOf("/b"), /"one".*"two"/);
  const { outputFiles } = await build({
    stdin: { contents: sourceOf("/b"), resolveDir: app.root, loader: "ts" },
    nodePaths: [new URL("../node_modules", import.meta.url).pathname],
    bundle: true,
    format: "esm",
    write: false,
  });
  assert.match(outputFiles[0]?.text ?? "", /STORE_BINDING_MISSING/);
});

test("a target without a driver has memory, which is noted where a function uses it", async () => {
  const app = await analyse({ "routes/index.ts": uses('context.store("main")') });
  const target = fakeTarget({ name: "there", front: "segments" });
  const config = { stores: { main: { here: kv }, unused: {} } };
  const { plans } = await groupRoutes(app, { target, targetConfig: {}, config });
  assert.equal(chooseStores(config, "there").main?.module, "@godwit/core/stores/memory");
  assert.equal(chooseStores(config, "here").main, kv);
  assert.deepEqual(
    checkStores(plans, app, { target, config }).map(({ code }) => code),
    ["STORE_PER_INSTANCE"],
  );
});

test("a driver that a function's runtime lacks stops the build with the store's and the route's name", async () => {
  const app = await analyse({ "routes/index.ts": uses('context.store("main")') });
  const target = fakeTarget({ name: "there", front: "segments" });
  const config = { stores: { main: { there: kv } } };
  const { plans } = await groupRoutes(app, { target, targetConfig: {}, config });
  const id = plans.find(({ routes }) => routes.length > 0)?.id;
  const message = `The store "main" is @godwit/core/stores/kv on there, which runs on workerd, and function ${id} (routes/index.ts) runs on node. Name another driver for there under stores.main in godwit.config.ts.`;
  assert.throws(() => checkStores(plans, app, { target, config }), failsWith("STORE_UNSUPPORTED", message));
});

test("the resources of stores in use are named once", async () => {
  const app = await analyse({ "routes/index.ts": uses('context.store("main")') });
  const drivers = {
    main: { ...kv, resources: [resource, resource] },
    other: { ...kv, resources: [{ ...resource, name: "OTHER" }] },
  };
  assert.deepEqual(storeResources({ routes: app.routes }, app, drivers), [resource]);
});
