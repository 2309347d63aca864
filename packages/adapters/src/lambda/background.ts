/**
 * `waitUntil` after a buffered answer. An internal extension of Lambda keeps the environment awake: it asks for its
 * next event only when the invocation's work has settled, and Lambda freezes nothing before it has asked.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
 * @module
 */
import type { IncomingHttpHeaders } from "node:http";

export interface Background {
  /** Takes over work that settles by itself. False when nothing holds the environment: then wait before answering. */
  hold(requestId: string, done: Promise<void>): boolean;
}

/** Milliseconds in which the Extensions API must answer the registration. */
const PATIENCE = 1000;

/**
 * Registers the extension. It has to be awaited while the function starts: registration ends with the first invocation.
 * Undefined outside of Lambda, when the registration fails, and where one process has several invocations at a time
 * (`AWS_LAMBDA_MAX_CONCURRENCY`): work is then done before the answer.
 *
 * @example export const handler = toHandler(app, { background: await createBackground() });
 */
export async function createBackground(): Promise<Background | undefined> {
  const { AWS_LAMBDA_RUNTIME_API: api, AWS_LAMBDA_MAX_CONCURRENCY: concurrency } = process.env;
  if (!api || concurrency) return undefined;
  const call = (method: string, path: string, headers: Record<string, string>, body?: string, timeout?: number) =>
    request(`http://${api}/2020-01-01/extension/${path}`, method, headers, body, timeout);
  let identity: Record<string, string>;
  try {
    const name = { "lambda-extension-name": "godwit" };
    const { headers } = await call("POST", "register", name, '{"events":["INVOKE"]}', PATIENCE);
    identity = { "lambda-extension-identifier": String(headers["lambda-extension-identifier"]) };
  } catch (error) {
    console.warn("Lambda refused the extension: waitUntil work delays answers.", error);
    return undefined;
  }

  let active = true;
  const gates = new Map<string, PromiseWithResolvers<void>>();
  // The event and the invocation come in either order.
  const gateOf = (requestId: string) => {
    const gate = gates.get(requestId) ?? Promise.withResolvers<void>();
    gates.set(requestId, gate);
    return gate;
  };
  const poll = async () => {
    for (;;) {
      const { text } = await call("GET", "event/next", identity);
      const { requestId = "", deadlineMs = 0 }: { requestId?: string; deadlineMs?: number } = JSON.parse(text);
      // An invocation that never reaches the handler must not hold the environment for ever.
      const timer = setTimeout(gateOf(requestId).resolve, deadlineMs - Date.now());
      await gateOf(requestId).promise;
      clearTimeout(timer);
      gates.delete(requestId);
    }
  };
  poll().catch((error) => {
    active = false;
    console.warn("The extension lost Lambda: waitUntil work delays answers.", error);
  });

  return {
    hold(requestId, done) {
      if (active) done.then(gateOf(requestId).resolve);
      return active;
    },
  };
}

/** Rejects unless the status is 200. */
function request(
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: string,
  timeout?: number,
): Promise<{ headers: IncomingHttpHeaders; text: string }> {
  // An import would load all of Node's fetch.
  const http = process.getBuiltinModule("node:http");
  return new Promise((resolve, reject) => {
    // A connection of its own: the next event may be hours away.
    const outgoing = http.request(url, { method, headers, agent: false, timeout }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8");
      incoming.on("data", (part: string) => {
        text += part;
      });
      incoming.on("error", reject);
      incoming.on("end", () => {
        if (incoming.statusCode === 200) resolve({ headers: incoming.headers, text });
        else reject(new Error(`${method} ${url} answered ${incoming.statusCode}: ${text}`));
      });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${url} did not answer in ${timeout} ms`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
