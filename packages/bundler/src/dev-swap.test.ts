import assert from "node:assert/strict";
import { test } from "node:test";
import type { App, Key } from "@godwit/core/types";
import type { DevAnswer, DevAsk, DevFailure } from "./dev-contract.ts";
import { createSwap, type DevAppModule, type DevLoader } from "./dev-swap.ts";

type Make = DevAppModule["default"];

/** A server and a runtime in one: ids have versions, and a version is a factory. */
class World implements DevLoader {
  readonly format = "import";
  readonly failed: DevFailure[] = [];
  readonly asks: DevAsk[] = [];
  env: Record<string, string> = {};
  readonly binding = "EVAL";
  isGone = false;
  readonly #made = new Map<string, { version: number; make: Make }>();
  readonly #modules = new Map<string, DevAppModule>();

  write(id: string, make: Make, behind?: DevAppModule["behind"]): void {
    const version = (this.#made.get(id)?.version ?? 0) + 1;
    this.#made.set(id, { version, make });
    this.#modules.set(`${id}@${version}`, { default: make, ...(behind && { behind }) });
  }

  async post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
    if (this.isGone) throw new TypeError("fetch failed");
    if (path === "failed") {
      this.failed.push(body as DevFailure); // what the swap sends
      return { status: 200, body: {} };
    }
    const ask = body as DevAsk; // what the swap sends
    this.asks.push(ask);
    const found = this.#answer(ask.id);
    if (!found) return { status: 500, body: { code: "NOT_BUILT", message: ask.id } };
    const guessed = ask.guess === undefined ? undefined : this.#answer(ask.guess);
    return { status: 200, body: { ...found, env: this.env, ...(guessed && { guessed }) } };
  }

  async load({ module }: Pick<DevAnswer, "module">): Promise<DevAppModule> {
    const found = this.#modules.get(module);
    if (!found) throw new Error(`no ${module}`);
    return found;
  }

  #answer(id: string): { version: string; module: string } | undefined {
    const made = this.#made.get(id);
    return made && { version: String(made.version), module: `${id}@${made.version}` };
  }
}

const text = (body: string): Make => {
  return () => ({ fetch: async () => new Response(body) });
};

/** The first segment is the id; what is empty is nobody's. */
const behind: DevAppModule["behind"] = (path) => {
  const pattern = path.split("/")[1] ?? "";
  return pattern ? { route: { pattern, module: {}, middleware: [] }, params: {} } : undefined;
};

function open(): { world: World; get(path: string, env?: unknown): Promise<string>; app: App } {
  const world = new World();
  world.write("dispatcher", text("nothing"), behind);
  const app = createSwap(world);
  const get = async (path: string, env: unknown = {}) => {
    const execution = { env, waitUntil() {}, platform: { name: "test", raw: undefined } };
    return (await app.fetch(new Request(`http://localhost${path}`), execution)).text();
  };
  return { world, get, app };
}

test("once the dispatcher is known, one question does", async () => {
  const { world, get } = open();
  world.write("a", text("one"));
  assert.equal(await get("/a"), "one");
  assert.deepEqual(
    world.asks.map(({ id, guess }) => [id, guess]),
    [
      ["dispatcher", undefined],
      ["a", undefined],
    ],
  );
  world.write("a", text("two"));
  assert.equal(await get("/a"), "two");
  assert.equal(await get("/"), "nothing");
  assert.deepEqual(
    world.asks.slice(2).map(({ id, guess }) => [id, guess]),
    [
      ["dispatcher", "a"],
      ["dispatcher", undefined],
    ],
  );
});

test("a guess that the new dispatcher does not share is asked for again", async () => {
  const { world, get } = open();
  world.write("a", text("a"));
  world.write("b", text("b"));
  assert.equal(await get("/a"), "a");
  world.write("dispatcher", text("nothing"), () => behind("/b"));
  assert.equal(await get("/a"), "b");
});

test("what new code makes of a key is what the old code held under its name", async () => {
  const { world, get } = open();
  const counting = (...names: string[]): Make => {
    const keys = names.map((name): Key<{ count: number }> => ({ name }));
    return (shared) => ({
      fetch: async () => {
        const counts = keys.map((key) => {
          if (!shared.has(key)) shared.set(key, { count: 0 });
          const held = shared.get(key) as { count: number }; // set above
          return ++held.count;
        });
        return Response.json(counts);
      },
    });
  };
  world.write("a", counting("n"));
  assert.equal(await get("/a"), "[1]");
  world.write("a", counting("n"));
  assert.equal(await get("/a"), "[2]");
  world.write("a", text("no key"));
  assert.equal(await get("/a"), "no key");
  world.write("a", counting("n"));
  assert.equal(await get("/a"), "[3]");

  world.write("b", counting("n"));
  assert.equal(await get("/b"), "[1]", "the same name in another route is another key");
  world.write("c", counting("n", "n"));
  assert.equal(await get("/c"), "[1,1]");
  world.write("c", counting("n", "n"));
  assert.equal(await get("/c"), "[1,1]", "keys of one name are never mistaken for each other");
});

test("variables are laid over bindings, as one object for as long as nothing changes", async () => {
  const { world, app } = open();
  const seen: unknown[] = [];
  world.write("a", () => ({
    fetch: async (_request, execution) => {
      seen.push(execution?.env);
      return new Response(execution?.ip);
    },
  }));
  const env = { EVAL: 1, KV: 2, WORD: "config" };
  const call = () => {
    const platform = { name: "test", raw: env };
    const execution = { env, waitUntil() {}, platform, get ip() { return "::1"; } }; // biome-ignore format: one line
    return app.fetch(new Request("http://localhost/a"), execution);
  };
  assert.equal(await (await call()).text(), "::1");
  await call();
  world.env = { WORD: "file" };
  await call();
  assert.deepEqual(seen, [
    { KV: 2, WORD: "config" },
    { KV: 2, WORD: "config" },
    { KV: 2, WORD: "file" },
  ]);
  assert.equal(seen[0], seen[1]);
  delete process.env.WORD;
});

test("variables that leave the files give back what the process had", async () => {
  const { world, get } = open();
  world.write("a", text("a"));
  process.env.GODWIT_TEST_ONE = "shell";
  try {
    world.env = { GODWIT_TEST_ONE: "file", GODWIT_TEST_TWO: "file" };
    await get("/a", process.env);
    assert.deepEqual([process.env.GODWIT_TEST_ONE, process.env.GODWIT_TEST_TWO], ["file", "file"]);
    world.env = {};
    await get("/a", process.env);
    assert.deepEqual([process.env.GODWIT_TEST_ONE, process.env.GODWIT_TEST_TWO], ["shell", undefined]);
  } finally {
    delete process.env.GODWIT_TEST_ONE;
  }
});

test("without a server the last good code answers; without that, an error that says so", async () => {
  const { world, get } = open();
  world.write("a", text("a"));
  assert.equal(await get("/a"), "a");
  world.isGone = true;
  assert.equal(await get("/a"), "a");
  assert.equal(await get("/"), "nothing");

  const fresh = new World();
  fresh.isGone = true;
  const answer = await createSwap(fresh).fetch(new Request("http://localhost/a"));
  assert.equal(answer.status, 500);
  assert.equal(answer.headers.get("x-godwit-dev-failure"), "1");
  assert.equal((await answer.json()).code, "DEV_SERVER_GONE");
});
