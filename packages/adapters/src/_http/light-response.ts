/**
 * A Response that becomes the platform's own only when something reads its body or copies it. Making the platform's
 * object costs 9 microseconds on Node 24, against 25 for a whole exchange of a bare node:http server: it makes a stream
 * of every body, which sending then takes apart again.
 * @module
 */
import { defineLightHeaders } from "./light-headers.ts";

/** What can be sent without a stream. */
export type LightBody = string | Uint8Array<ArrayBuffer> | null;

export interface Taken {
  /** Names and values in turns. */
  fields: readonly string[];
  body: LightBody;
}

/** The body of a light response that nobody has read, which then counts as read; undefined for every other response. */
export type Take = (response: Response) => Taken | undefined;

/**
 * Puts a Response in the place of the global one, once in a process. What it makes is light where the body is text,
 * bytes or nothing, and the platform's own otherwise. `instanceof` holds between the two both ways, and what `fetch()`
 * gives stays as it is. There is nothing to go around, unlike with requests: no part of the platform asks for a response
 * of its own making. Several servers of a process share one class, and it stays when they are closed.
 */
export function createLightResponse(): Take {
  const key = Symbol.for("godwit.light-response");
  const scope: typeof globalThis & { [key]?: Take } = globalThis; // one class for all copies of this code
  if (!scope[key]) {
    const { Light, take } = defineLightResponse(globalThis.Response);
    scope[key] = take;
    globalThis.Response = Light;
  }
  return scope[key];
}

const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Marks what `Response.json` makes. */
const JSON_TYPE = Symbol.for("godwit.json");
const NOTHING: ResponseInit = {};

/** For tests: the class without its being global. */
export function defineLightResponse(Native: typeof Response): { Light: typeof Response; take: Take } {
  const { from, list } = defineLightHeaders(Headers);
  const { markAsUncloneable } = process.getBuiltinModule("node:worker_threads");
  class LightResponse {
    #light = false;
    #body: LightBody = null;
    #used = false;
    #status = 200;
    #statusText = "";
    #headers?: Headers;
    /** Has the body from when it is first read. Its headers are never shown. */
    #native?: Response;

    constructor(body?: unknown, init?: unknown, typed?: unknown) {
      markAsUncloneable?.(this); // Node 22.10
      const kept = keep(body);
      if (kept !== undefined && isInit(init)) {
        const { headers, status, statusText }: ResponseInit = init ?? NOTHING;
        if (isPlain(kept, status, statusText)) {
          this.#light = true;
          this.#body = kept;
          this.#status = status ?? 200;
          this.#statusText = statusText ?? "";
          const type = typed === JSON_TYPE ? "application/json" : "text/plain;charset=UTF-8";
          this.#headers = from(headers, typeof kept === "string" ? type : undefined);
          return;
        }
        init = { headers, status, statusText }; // read once, as a getter may tell
      }
      // biome-ignore lint/correctness/noConstructorReturn: streams, forms and what is refused are the platform's
      return Reflect.construct(Native, [body, init], new.target === LightResponse ? Native : new.target);
    }

    static json(...args: [data: unknown, init?: ResponseInit]): Response {
      const text: string | undefined = JSON.stringify(args[0]);
      // These throw, as the platform words it: null is no init here.
      if (text === undefined || args[1] === null || !isInit(args[1])) return Native.json(...args);
      const response = new LightResponse(text, args[1], JSON_TYPE);
      return isLight(response) ? asResponse(response) : Native.json(...args);
    }

    static take(response: unknown): Taken | undefined {
      if (!isLight(response) || response.#native || response.#used || !response.#headers) return undefined;
      response.#used = response.#body !== null;
      return { fields: list(response.#headers), body: response.#body };
    }

    static isLight(value: unknown): value is LightResponse {
      return typeof value === "object" && value !== null && #light in value && value.#light;
    }

    /** The platform's response that stands behind `value`, which may be one itself. */
    static native(value: unknown): Response {
      if (!isLight(value)) return value as Response; // or what the platform's own methods refuse
      if (!value.#native) {
        value.#native = new Native(value.#body, { status: value.#status });
        if (value.#used) value.#native.text().catch(() => {});
      }
      const type = value.#headers?.get("content-type");
      // For blob() and formData(), which go by it.
      if (typeof type === "string") value.#native.headers.set("content-type", type);
      else value.#native.headers.delete("content-type");
      return value.#native;
    }

    get status(): number {
      return isLight(this) ? this.#status : own("status", this);
    }
    get statusText(): string {
      return isLight(this) ? this.#statusText : own("statusText", this);
    }
    get ok(): boolean {
      return isLight(this) ? this.#status < 300 : own("ok", this);
    }
    get url(): string {
      return isLight(this) ? "" : own("url", this);
    }
    get headers(): Headers {
      return isLight(this) && this.#headers ? this.#headers : own("headers", this);
    }
    get body(): ReadableStream<Uint8Array> | null {
      return isLight(this) && this.#body === null ? null : own("body", this);
    }
    get bodyUsed(): boolean {
      return isLight(this) && !this.#native ? this.#used : own("bodyUsed", this);
    }
    clone(): Response {
      if (!isLight(this)) return own<() => Response>("clone", this)();
      const copy = new LightResponse(null, this);
      copy.#body = this.#body;
      if (this.#native || this.#used) copy.#native = LightResponse.native(this).clone();
      return asResponse(copy);
    }
  }
  const { isLight } = LightResponse;

  /** The members that the class does not write are put on its prototype below, where the type checker cannot see them. */
  function asResponse(light: LightResponse): Response {
    return light as unknown as Response; // hence
  }

  /** A member of the platform's response behind `value`; a method of it is bound. */
  function own<T>(name: string, value: unknown): T {
    const member = Object.getOwnPropertyDescriptor(Native.prototype, name);
    const native = LightResponse.native(value);
    return member?.get ? member.get.call(native) : member?.value.bind(native);
  }

  for (const name of Object.getOwnPropertyNames(Native.prototype)) {
    if (name === "constructor") continue;
    const { value } = Object.getOwnPropertyDescriptor(Native.prototype, name) ?? {};
    const written = Object.getOwnPropertyDescriptor(LightResponse.prototype, name);
    // What is not above (text, blob, url, ...) is the platform's.
    const member: PropertyDescriptor = written ?? {
      configurable: true,
      ...(typeof value === "function" ? { value: named(name, value), writable: true } : { get: getter(name) }),
    };
    Object.defineProperty(LightResponse.prototype, name, { ...member, enumerable: true });
  }

  function getter(name: string) {
    return function (this: unknown) {
      return own(name, this);
    };
  }
  function named(name: string, method: (...args: unknown[]) => unknown) {
    const at = {
      [name](...args: unknown[]) {
        return method.apply(LightResponse.native(this), args);
      },
    };
    return at[name];
  }

  Object.setPrototypeOf(LightResponse.prototype, Native.prototype);
  Object.setPrototypeOf(LightResponse, Native);
  // What fetch() gives is a Response too. Classes that extend this one go by their own prototypes.
  Object.defineProperty(LightResponse, Symbol.hasInstance, {
    value(this: unknown, value: unknown) {
      return this === LightResponse
        ? value instanceof Native
        : Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
  Object.defineProperties(LightResponse, { name: { value: "Response" }, length: { value: 0 } });
  const Light = LightResponse as unknown as typeof Response; // its instances: see asResponse; its statics are Native's, by prototype
  return { Light, take: LightResponse.take };
}

function isInit(init: unknown): init is ResponseInit | null | undefined {
  return init === undefined || typeof init === "object";
}

/** What is sent without a stream; undefined for what only the platform can read. Bytes are copied, as it does. */
function keep(body: unknown): LightBody | undefined {
  if (body === undefined || body === null) return null;
  if (typeof body === "string") return body;
  const bytes = body instanceof ArrayBuffer ? new Uint8Array(body) : body;
  if (!(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer)) return undefined;
  return bytes.buffer.resizable || bytes.buffer.detached ? undefined : new Uint8Array(bytes);
}

/** Whether the platform would take it, as it is. A body is refused beside some statuses (Fetch section 2.2.3). */
function isPlain(body: LightBody, status: unknown, statusText: unknown): boolean {
  if (statusText !== undefined && (typeof statusText !== "string" || !REASON.test(statusText))) return false;
  if (status === undefined) return true;
  if (typeof status !== "number" || !Number.isInteger(status) || status < 200 || status > 599) return false;
  return body === null || (status !== 204 && status !== 205 && status !== 304);
}
