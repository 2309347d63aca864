/**
 * A Request that becomes the platform's own only when something asks for more than its method, URL, headers, signal or
 * whole body. Making the platform's object, signal included, costs 15 microseconds on Node 24, against 25 for a whole
 * exchange of a bare node:http server.
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { IncomingBody, Message } from "./body.ts";
import { defineLightHeaders } from "./light-headers.ts";
import { readHeaders, readSignal, toNative } from "./native-request.ts";

export interface Incoming {
  message: Message;
  response: ServerResponse | Http2ServerResponse;
  /** Absolute, as the URL parser writes it. */
  url: string;
  body: IncomingBody;
}

export type ToRequest = (incoming: Incoming) => Request;

/** Makes requests of the platform's own class, and leaves the globals alone. */
export function createNativeRequest(): ToRequest {
  const Native = Request;
  return (incoming) => toNative(Native, incoming, readHeaders(incoming.message), readSignal(incoming));
}

/**
 * Makes lazy requests. They pass `instanceof Request`, and `new Request(lazy)` and `fetch(lazy)` take them: for that
 * the global Request and fetch are wrapped, once in a process, by ones that first ask a lazy request for its native
 * one. There is no way around the wrap: the platform knows its own by a private member, which only its constructor
 * writes, and that is the cost which is saved. Several servers of a process share one wrap, and it stays when they are
 * closed, since lazy requests may outlive them. Code that took hold of the platform's own Request or fetch earlier gets
 * a TypeError for a lazy request: {@link createNativeRequest} is for apps with such code.
 */
export function createLazyRequest(): ToRequest {
  const key = Symbol.for("godwit.lazy-request");
  const scope: typeof globalThis & { [key]?: ToRequest } = globalThis; // one wrapping for all copies of this code
  scope[key] ??= wrapGlobals();
  return scope[key];
}

function wrapGlobals(): ToRequest {
  const Native = globalThis.Request;
  const nativeFetch = globalThis.fetch;
  const { create, unwrap } = defineLazyRequest(Native);
  globalThis.Request = new Proxy(Native, {
    construct: (target, [input, ...rest], newTarget) => Reflect.construct(target, [unwrap(input), ...rest], newTarget),
  });
  globalThis.fetch = function fetch(input, init) {
    return nativeFetch(unwrap(input), init);
  };
  return create;
}

function defineLazyRequest(Native: typeof Request) {
  const { from } = defineLightHeaders(Headers);
  class LazyRequest {
    #incoming: Incoming;
    #headers?: Headers;
    #signal?: AbortSignal;
    #native?: Request;

    constructor(incoming: Incoming) {
      this.#incoming = incoming;
    }

    static unwrap<T>(value: T): T | Request {
      return typeof value === "object" && value && #incoming in value ? value.native : value;
    }

    get native(): Request {
      this.#native ??= toNative(Native, this.#incoming, this.headers, this.signal);
      return this.#native;
    }
    get method(): string {
      return this.#incoming.message.method ?? "GET";
    }
    get url(): string {
      return this.#incoming.url;
    }
    get headers(): Headers {
      this.#headers ??= this.#native?.headers ?? readHeaders(this.#incoming.message, from());
      return this.#headers;
    }
    get signal(): AbortSignal {
      this.#signal ??= readSignal(this.#incoming);
      return this.#signal;
    }
    get body(): ReadableStream<Uint8Array> | null {
      return this.#incoming.body.empty ? null : this.native.body;
    }
    get bodyUsed(): boolean {
      return this.#native ? this.#native.bodyUsed : this.#incoming.body.used;
    }
    clone(): Request {
      return this.native.clone();
    }
    async arrayBuffer(): Promise<ArrayBuffer> {
      return this.#native ? this.#native.arrayBuffer() : new Uint8Array(await this.#bytes()).buffer;
    }
    async bytes(): Promise<Uint8Array<ArrayBuffer>> {
      return new Uint8Array(await this.arrayBuffer());
    }
    async text(): Promise<string> {
      return this.#native ? this.#native.text() : toText(await this.#bytes());
    }
    async json(): Promise<unknown> {
      return this.#native ? this.#native.json() : JSON.parse(toText(await this.#bytes()));
    }

    /** Straight from the message, without a stream. */
    async #bytes(): Promise<Buffer> {
      const { body } = this.#incoming;
      if (body.used) throw new TypeError("Body is unusable: Body has already been read");
      // Fetch section 5.4: a GET or HEAD has no body, here as in the native request.
      const none = body.empty || this.method === "GET" || this.method === "HEAD";
      return none ? Buffer.alloc(0) : body.bytes();
    }
  }

  // What is not above (formData, blob, cache, redirect, ...) is the native request's.
  for (const name of Object.getOwnPropertyNames(Native.prototype)) {
    if (name in LazyRequest.prototype) continue;
    const method = typeof Object.getOwnPropertyDescriptor(Native.prototype, name)?.value === "function";
    Object.defineProperty(LazyRequest.prototype, name, {
      configurable: true,
      get(this: LazyRequest) {
        const value: unknown = Reflect.get(this.native, name);
        return method && typeof value === "function" ? value.bind(this.native) : value;
      },
    });
  }
  Object.setPrototypeOf(LazyRequest.prototype, Native.prototype);

  return {
    create: (incoming: Incoming) => new LazyRequest(incoming) as unknown as Request, // every member of Request is there, see above
    unwrap: LazyRequest.unwrap,
  };
}

/** UTF-8 without its byte order mark, as `Request.text` decodes it. */
function toText(bytes: Buffer): string {
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString("utf8", marked ? 3 : 0);
}
