/**
 * The swapping app's way to modules where no file can be imported: their texts become functions, with the semantics of
 * CommonJS. Between requests there is plain data alone, no promise: an isolate may not wait for another request's.
 * @module
 */
import type { DevModule } from "./dev-contract.ts";
import type { DevAppModule, DevLoader } from "./dev-swap.ts";

export interface EvaluatorOptions {
  /** Without a slash at its end. */
  url: string;
  /** Makes a function of a text. `raw` is `execution.platform.raw`; stacks name `name`. */
  evaluate(raw: unknown, code: string, name: string, ...parameters: string[]): ModuleBody;
  /** Imports what the runtime itself has. */
  load(specifier: string): Promise<Record<string, unknown>>;
  binding?: string;
}

/** Anything callable: what the text makes of its four arguments is its own affair. A promise where it awaits. */
type ModuleBody = (require: (key: string) => unknown, module: Module, exports: unknown, meta: object) => unknown;

interface Module {
  exports: unknown;
}

export function createEvaluator({ url, evaluate, load, binding }: EvaluatorOptions): DevLoader {
  const { fetch } = globalThis; // before the app can replace it
  const texts = new Map<string, string>();
  const modules = new Map<string, Module>();
  const externals = new Map<string, unknown>();

  const send = async (path: string, body: string): Promise<{ status: number; body: unknown }> => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/${path}`, { method: "POST", headers, body });
    return { status: response.status, body: await response.json() };
  };
  const post: DevLoader["post"] = (path, body) => {
    const text = JSON.stringify(body);
    return send(path, text).catch(() => send(path, text));
  };

  /** A built-in has under `default` what `require` would give; other namespaces have no such export. */
  const bringExternal = async (name: string): Promise<void> => {
    try {
      const namespace = await load(name);
      externals.set(name, namespace.default ?? namespace);
    } catch (cause) {
      externals.set(name, createAbsent(name, cause));
    }
  };

  return {
    format: "evaluate",
    post,
    ...(binding !== undefined && { binding }),
    async load({ module: key, closure = [key], externals: names = [], awaits = [] }, { platform }) {
      const lacking = closure.filter((each) => !texts.has(each));
      if (lacking.length > 0) {
        const { status, body } = await post("modules", lacking);
        if (status !== 200) throw new TypeError(`godwit dev has no modules ${lacking.join(", ")}.`);
        for (const { key: each, code } of body as DevModule[]) texts.set(each, code); // as the contract says
      }
      for (const name of names) if (!externals.has(name)) await bringExternal(name);

      /** Modules that this request waits for, as far as they are. */
      const coming = new Map<string, Module>();
      const run = (name: string, code: string, module: Module): unknown => {
        const body = evaluate(platform.raw, code, name, "require", "module", "exports", "meta");
        return body(require, module, module.exports, {});
      };
      const require = (name: string): unknown => {
        const known = modules.get(name) ?? coming.get(name);
        if (known) return known.exports;
        const code = texts.get(name);
        if (code === undefined) {
          if (externals.has(name)) return externals.get(name);
          throw new TypeError(`There is no module ${name} here.`);
        }
        const module: Module = { exports: {} };
        modules.set(name, module);
        try {
          run(name, code, module);
        } catch (error) {
          modules.delete(name);
          throw error;
        }
        return module.exports;
      };
      for (const name of awaits) {
        if (modules.has(name)) continue;
        const module: Module = { exports: {} };
        coming.set(name, module);
        await run(name, texts.get(name) ?? "", module);
        // Of two requests that wait for a module at once, the first has made it.
        if (!modules.has(name)) modules.set(name, module);
      }
      // From here on nothing waits: of two requests that load at once, the second finds what the first has made.
      return require(key) as DevAppModule; // what the graph writes
    },
  };
}

/**
 * In the place of a module that the runtime lacks: nothing is shaken off here, and code that nobody calls may import
 * it. Whoever reads something of it is told.
 */
function createAbsent(name: string, cause: unknown): object {
  const absent: object = new Proxy(Object.create(null), {
    // What linking and awaiting ask of anything.
    get(_target, key) {
      if (typeof key === "symbol" || key === "__esModule" || key === "then") return undefined;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TypeError(`${key} of ${name} is asked for, which this runtime lacks: ${why}`);
    },
    // What copies it keeps it as its prototype.
    getPrototypeOf: () => absent,
  });
  return absent;
}
