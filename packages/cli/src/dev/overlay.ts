/**
 * What a browser sees of failures: a script in pages, the events that it listens to, and a page where there is none.
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Failures } from "./failures.ts";
import { overlayScript } from "./overlay-script.ts";

/** Where a page finds the overlay, and the failures that it shows. */
export const OVERLAY_SCRIPT = "/__godwit/overlay.js";
export const OVERLAY_EVENTS = "/__godwit/events";

export interface Overlay {
  /** Answers `/__godwit/*`; false for anything else. */
  serve(incoming: IncomingMessage, answer: ServerResponse): boolean;
  close(): void;
}

/** Where no page is: it holds nothing of the app's, and its script loads it again once all is mended. */
export const OVERLAY_PAGE: string = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Cannot be served yet</title></head>
<body><script src="${OVERLAY_SCRIPT}" data-page></script></body>
</html>
`;

/** `hosts` are names beside localhost that a request may use. */
export function createOverlay(failures: Failures, hosts: readonly string[]): Overlay {
  const listeners = new Set<ServerResponse>();
  const unlisten = failures.listen((current) => {
    for (const answer of listeners) answer.write(toEvent(current));
  });
  return {
    serve(incoming, answer) {
      const path = (incoming.url ?? "").split("?")[0] ?? "";
      if (!path.startsWith("/__godwit/")) return false;
      // A page of elsewhere whose name was made to point here must not read what is on this machine (DNS rebinding).
      if (!isOwnHost(incoming.headers.host, hosts)) answer.writeHead(403).end();
      else if (path === OVERLAY_SCRIPT) {
        answer.writeHead(200, { "content-type": "text/javascript; charset=utf-8", "cache-control": "no-cache" });
        answer.end(overlayScript);
      } else if (path === OVERLAY_EVENTS) {
        answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
        answer.write(`retry: 500\n${toEvent(failures.current)}`);
        listeners.add(answer);
        answer.on("close", () => listeners.delete(answer));
      } else answer.writeHead(404).end();
      return true;
    },
    close() {
      unlisten();
      for (const answer of listeners) answer.end();
    },
  };
}

function toEvent(current: Failures["current"]): string {
  return `data: ${JSON.stringify(current)}\n\n`;
}

function isOwnHost(host: string | undefined, hosts: readonly string[]): boolean {
  const name = (host ?? "").replace(/:\d+$/, "").toLowerCase();
  return ["localhost", "127.0.0.1", "[::1]", ...hosts].includes(name);
}
