/**
 * The Extensions API (`/2020-01-01/extension/`) for internal extensions, those that live in the runtime's process: a
 * function's zip has no others. Errors and their words are those of AWS's runtime interface emulator.
 * @module
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Invocation } from "./runtime-api.ts";

interface Extension {
  name: string;
  events: string[];
  /** The held answer to its `next`. */
  waiting?: ServerResponse;
}

const MOST_EXTENSIONS = 10;

export interface Extensions {
  readonly size: number;
  /** Every extension has asked for its next event. */
  ready(): boolean;
  /** Registration ends when the runtime first asks for work. */
  closeRegistration(): void;
  invoke(invocation: Invocation): void;
  handle(path: string, request: IncomingMessage, body: Buffer, response: ServerResponse): void;
}

export interface ExtensionFacts {
  functionName: string;
  functionVersion: string;
  handler: string;
}

export function createExtensions(facts: ExtensionFacts, changed: () => void): Extensions {
  const extensions = new Map<string, Extension>();
  let open = true;

  const register = (request: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const refuse = (type: string, message: string) => sendJson(response, 403, error(`Extension.${type}`, message));
    const name = header(request, "lambda-extension-name");
    if (!name) return refuse("InvalidExtensionName", "Empty extension name");
    const events = parseEvents(body);
    if (!events) return sendJson(response, 403, error("InvalidRequestFormat", "events is not a list of names"));
    if (events.includes("SHUTDOWN")) {
      return refuse("InvalidEventType", "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension");
    }
    const unknown = events.find((event) => event !== "INVOKE");
    if (unknown !== undefined) return refuse("InvalidEventType", `${unknown}: invalid event type`);
    if (!open) return refuse("RegistrationClosed", "Extension registration closed already");
    if ([...extensions.values()].some((extension) => extension.name === name)) {
      return refuse("InvalidExtensionState", "Extension with this name already registered");
    }
    if (extensions.size >= MOST_EXTENSIONS) {
      return refuse("TooManyExtensions", `Extension limit (${MOST_EXTENSIONS}) reached`);
    }
    const id = randomUUID();
    extensions.set(id, { name, events });
    response.setHeader("Lambda-Extension-Identifier", id);
    sendJson(response, 200, facts);
  };

  const next = (request: IncomingMessage, response: ServerResponse) => {
    const id = header(request, "lambda-extension-identifier");
    const extension = id === undefined ? undefined : extensions.get(id);
    if (!extension) {
      return sendJson(response, 403, error("Extension.UnknownExtensionIdentifier", `Unknown extension ${id}`));
    }
    extension.waiting = response;
    response.once("close", () => {
      if (extension.waiting === response) extension.waiting = undefined;
    });
    changed();
  };

  return {
    get size() {
      return extensions.size;
    },
    ready: () => [...extensions.values()].every((extension) => extension.waiting),
    closeRegistration() {
      open = false;
    },
    invoke(invocation) {
      for (const extension of extensions.values()) {
        const { waiting } = extension;
        if (!waiting || !extension.events.includes("INVOKE")) continue;
        extension.waiting = undefined;
        waiting.setHeader("Lambda-Extension-Event-Identifier", randomUUID());
        sendJson(waiting, 200, {
          eventType: "INVOKE",
          deadlineMs: invocation.deadline,
          requestId: invocation.id,
          invokedFunctionArn: invocation.arn,
          tracing: { type: "X-Amzn-Trace-Id", value: invocation.trace },
        });
      }
    },
    handle(path, request, body, response) {
      if (path === "register" && request.method === "POST") register(request, body, response);
      else if (path === "event/next" && request.method === "GET") next(request, response);
      else if ((path === "init/error" || path === "exit/error") && request.method === "POST") {
        sendJson(response, 202, { status: "OK" });
      } else sendJson(response, 404, error("NotFound", path));
    },
  };
}

function parseEvents(body: Buffer): string[] | undefined {
  try {
    const { events = [] }: { events?: unknown } = JSON.parse(body.toString());
    return Array.isArray(events) && events.every((event) => typeof event === "string") ? events : undefined;
  } catch {
    return undefined;
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export const error = (errorType: string, errorMessage: string): object => ({ errorMessage, errorType });

export function sendJson(response: ServerResponse, status: number, value: object): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
}
