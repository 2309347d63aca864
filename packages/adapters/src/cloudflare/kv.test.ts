import { after, before } from "node:test";
import { conformTo } from "@godwit/core/stores/conformance.fixture";
import { kv, open } from "@godwit/core/stores/kv";
import { Miniflare } from "miniflare";

/** One runtime for all, and a namespace for each test. */
let runtime: Miniflare;
let count = 0;

before(() => {
  runtime = new Miniflare({
    modules: true,
    script: "export default { fetch: () => new Response() }",
    kvNamespaces: Array.from({ length: 40 }, (_, at) => `KV${at}`),
  });
});
after(() => runtime.dispose());

conformTo({
  name: "kv",
  guarantees: kv("LINKS").guarantees,
  async open() {
    const binding = `KV${count++}`;
    return open({ binding }, { name: "main", bindings: { [binding]: await runtime.getKVNamespace(binding) } });
  },
});
