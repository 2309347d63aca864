/**
 * What `context.shared` keeps, over edits. A key is one by identity, and a module that is evaluated again makes another:
 * the new code of a route takes over what its old code held under a key of that name.
 * @module
 */
import type { Key } from "@godwit/core/types";

type AnyKey = Key<unknown>;

/** What one version of a route sees of the values that the process holds. */
export class SharedView extends Map<AnyKey, unknown> {
  readonly #values: Map<AnyKey, unknown>;
  readonly #names = new Map<string, Set<AnyKey>>();
  /** The keys of versions before, by name: the latest that used the name. */
  readonly #old: ReadonlyMap<string, ReadonlySet<AnyKey>>;

  constructor(values: Map<AnyKey, unknown>, before?: SharedView) {
    super();
    this.#values = values;
    this.#old = new Map([...(before ? before.#old : []), ...(before ? before.#names : [])]);
  }

  override has(key: AnyKey): boolean {
    this.#meet(key);
    return this.#values.has(key);
  }

  override get(key: AnyKey): unknown {
    return this.#values.get(key);
  }

  override set(key: AnyKey, value: unknown): this {
    this.#meet(key);
    this.#values.set(key, value);
    return this;
  }

  #meet(key: AnyKey): void {
    const same = this.#names.get(key.name) ?? new Set();
    if (same.has(key)) return;
    this.#names.set(key.name, same.add(key));
    const [old, another] = this.#old.get(key.name) ?? [];
    // Two keys of one name cannot be told apart: each begins anew.
    if (!old || another || same.size > 1 || this.#values.has(key) || !this.#values.has(old)) return;
    this.#values.set(key, this.#values.get(old));
  }
}
