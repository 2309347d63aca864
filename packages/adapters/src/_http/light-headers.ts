/**
 * Headers that stay a list of texts while they are made, asked and sent. The platform's own cost a small exchange on
 * Node 24 more than a microsecond.
 * @module
 */

export interface LightHeaders {
  /** Headers of anything that `new Headers` takes, and a type where that has none. Throws what that throws. */
  from(init?: unknown, type?: string): Headers;
  /** Names and values in turns, sorted, each Set-Cookie for itself: what walking through them gives. Only to be read. */
  list(headers: Headers): readonly string[];
}

/** A token (RFC 9110 section 5.6.2). */
const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
/** A value that has nothing to be trimmed or refused. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/**
 * Defines the class. Its instances are `instanceof Headers`, and taken wherever headers are, since they can be walked
 * through. What is not plain text and what is rarely asked for is the platform's own work: its headers stand behind
 * these from then on.
 */
export function defineLightHeaders(Native: typeof Headers): LightHeaders {
  const { markAsUncloneable } = process.getBuiltinModule("node:worker_threads");
  class Light {
    /** Small names and values in turns. Those of one name are joined, but for Set-Cookie. */
    #pairs: string[] = [];
    #native?: Headers;

    constructor(init?: unknown, type?: string) {
      markAsUncloneable?.(this); // Node 22.10
      if (init !== undefined) this.#read(init);
      if (type === undefined) return;
      if (init === undefined) this.#pairs.push("content-type", type);
      else if (!this.has("content-type")) this.set("content-type", type);
    }

    #read(init: unknown): void {
      if (isLight(init) && !init.#native) this.#pairs = [...init.#pairs];
      else if (!isRecord(init) || !this.#fill(init)) this.#native = new Native(init as HeadersInit); // which may refuse it
    }

    static isLight(value: unknown): value is Light {
      return typeof value === "object" && value !== null && #pairs in value;
    }

    static list(headers: unknown): readonly string[] {
      return isLight(headers) && !headers.#native ? sort(headers.#pairs) : [...(headers as Headers)].flat(); // as typed below
    }

    get native(): Headers {
      if (!this.#native) {
        this.#native = new Native();
        const pairs = this.#pairs;
        for (let at = 0; at < pairs.length; at += 2) this.#native.append(pairs[at] ?? "", pairs[at + 1] ?? "");
      }
      return this.#native;
    }

    /** False where something in it is not plain. */
    #fill(init: object): boolean {
      for (const name of Object.keys(init)) {
        const value: unknown = Reflect.get(init, name);
        if (!isName(name) || !isValue(value)) return false;
        this.#add(name.toLowerCase(), value);
      }
      return true;
    }

    #add(name: string, value: string): void {
      const pairs = this.#pairs;
      const at = name === "set-cookie" ? -1 : this.#find(name);
      if (at < 0) pairs.push(name, value);
      else pairs[at + 1] += (name === "cookie" ? "; " : ", ") + value;
    }

    #find(name: string): number {
      const pairs = this.#pairs;
      for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === name) return at;
      return -1;
    }

    append(...args: [name: string, value: string]): void {
      if (this.#native || !isName(args[0]) || !isValue(args[1])) this.native.append(...args);
      else this.#add(args[0].toLowerCase(), args[1]);
    }
    set(...args: [name: string, value: string]): void {
      if (this.#native || !isName(args[0]) || !isValue(args[1])) {
        this.native.set(...args);
        return;
      }
      const name = args[0].toLowerCase();
      const at = this.#find(name);
      if (at >= 0 && name !== "set-cookie") this.#pairs[at + 1] = args[1];
      else {
        if (at >= 0) this.#drop(name);
        this.#pairs.push(name, args[1]);
      }
    }
    get(...args: [name: string]): string | null {
      if (this.#native || !isName(args[0])) return this.native.get(...args);
      const name = args[0].toLowerCase();
      const at = this.#find(name);
      if (at < 0) return null;
      return name === "set-cookie" ? this.getSetCookie().join(", ") : (this.#pairs[at + 1] ?? null);
    }
    has(...args: [name: string]): boolean {
      if (this.#native || !isName(args[0])) return this.native.has(...args);
      return this.#find(args[0].toLowerCase()) >= 0;
    }
    delete(...args: [name: string]): void {
      if (this.#native || !isName(args[0])) this.native.delete(...args);
      else this.#drop(args[0].toLowerCase());
    }
    getSetCookie(): string[] {
      if (this.#native) return this.#native.getSetCookie();
      return this.#pairs.filter((_, at) => this.#pairs[at - 1] === "set-cookie" && at % 2 === 1);
    }
    forEach(...args: [each: (value: string, name: string, headers: Headers) => void, thisArg?: unknown]): void {
      const [each, thisArg] = args;
      const walk = (value: string, name: string) => each.call(thisArg, value, name, asHeaders(this));
      if (typeof each === "function") this.native.forEach(walk);
      else this.native.forEach(...args); // which throws
    }

    #drop(name: string): void {
      this.#pairs = this.#pairs.filter((_, at, pairs) => pairs[at - (at % 2)] !== name);
    }
  }
  const { isLight } = Light;

  function asHeaders(light: Light): Headers {
    return light as unknown as Headers; // every member is there, see below
  }

  // The members that are not above (keys, forEach, ...): a walk sees what changes under it, so the platform does it.
  for (const name of Reflect.ownKeys(Native.prototype)) {
    const { value, ...member } = Object.getOwnPropertyDescriptor(Native.prototype, name) ?? {};
    if (name === "constructor" || typeof value !== "function") continue;
    const own = Object.getOwnPropertyDescriptor(Light.prototype, name);
    const method = own?.value ?? delegate(value);
    Object.defineProperty(Light.prototype, name, { ...member, value: method });
  }
  function delegate(method: (...args: unknown[]) => unknown) {
    const own = function (this: Light, ...args: unknown[]) {
      return method.apply(this.native, args);
    };
    return Object.defineProperty(own, "name", { value: method.name });
  }
  Reflect.deleteProperty(Light.prototype, "constructor"); // is that of the prototype below
  Object.setPrototypeOf(Light.prototype, Native.prototype);
  return { from: (init, type) => asHeaders(new Light(init, type)), list: Light.list };
}

/** What each own name is a field of. Lists, other headers and what no headers can be made of are none. */
function isRecord(init: unknown): init is object {
  if (typeof init !== "object" || init === null || Symbol.iterator in init) return false;
  const prototype: unknown = Object.getPrototypeOf(init);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.getOwnPropertySymbols(init).length === 0;
}

function isName(name: unknown): name is string {
  return typeof name === "string" && NAME.test(name);
}

function isValue(value: unknown): value is string {
  return typeof value === "string" && VALUE.test(value);
}

/** By name in place, lines of one name in the order they came. They are few, and most are in order. */
function sort(pairs: string[]): string[] {
  for (let end = 2; end < pairs.length; end += 2) {
    const name = pairs[end] ?? "";
    const value = pairs[end + 1] ?? "";
    let at = end;
    for (; at > 0 && (pairs[at - 2] ?? "") > name; at -= 2) {
      pairs[at] = pairs[at - 2] ?? "";
      pairs[at + 1] = pairs[at - 1] ?? "";
    }
    pairs[at] = name;
    pairs[at + 1] = value;
  }
  return pairs;
}
