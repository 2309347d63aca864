import type { ConformRequestInput } from "godwit";

/** Bodies that come bit by bit, whole or broken. */
export const streams: ConformRequestInput[] = [
  {
    name: "pieces reach the client as they are written",
    path: "/stream/text",
    needs: ["streaming"],
    expect: { status: 200, body: "one two three", streamed: true },
  },
  {
    name: "the same bytes whether streamed or not",
    path: "/stream/text",
    expect: { status: 200, body: "one two three" },
  },
  {
    name: "events as they happen",
    path: "/stream/events",
    needs: ["streaming"],
    expect: { status: 200, headers: { "content-type": "text/event-stream; charset=utf-8" }, streamed: true },
  },
  { name: "events, whole", path: "/stream/events", expect: { status: 200 } },
  { path: "/stream/large", expect: { status: 200, bytes: 2_097_152 } },
  {
    path: "/stream/empty",
    expect: { status: 201, body: "", headers: { "x-empty": "yes", "content-type": "text/plain" } },
  },
  { method: "HEAD", path: "/stream/endless", expect: { status: 200, body: "" } },
  { path: "/stream/fails-at-once", expect: { status: 500, headers: { "x-error": "own" } } },
  {
    name: "an error midway breaks the connection",
    path: "/stream/fails-midway",
    needs: ["streaming"],
    expect: { status: 200, broken: true },
  },
  {
    name: "a client that hangs up",
    path: "/stream/endless",
    needs: ["streaming"],
    hangUpAfter: 3000,
    expect: { status: 200 },
  },
  { name: "and the next request is answered", path: "/", expect: { status: 200, body: "root" } },
];
