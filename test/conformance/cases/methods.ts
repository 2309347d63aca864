import type { ConformRequestInput } from "godwit";

const ALL = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY";

/** Methods are decided inside the route, through its own middleware. */
export const methods: ConformRequestInput[] = [
  ...["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => ({
    method,
    path: "/methods",
    expect: {
      status: 200,
      body: method.toLowerCase(),
      headers: { "x-handler": method.toLowerCase(), "x-layers": "root" },
    },
  })),
  { method: "QUERY", path: "/methods", body: "select", expect: { status: 200, body: "query select" } },
  {
    method: "HEAD",
    path: "/methods",
    expect: { status: 200, body: "", headers: { "x-handler": "get", "x-layers": "root" } },
  },
  {
    method: "OPTIONS",
    path: "/methods",
    expect: { status: 204, body: "", headers: { allow: ALL, "x-layers": "root" } },
  },
  {
    path: "/only-post",
    expect: {
      status: 405,
      headers: { allow: "POST, OPTIONS", "content-type": "application/problem+json", "x-layers": "root" },
      json: { type: "about:blank", title: "Method Not Allowed", status: 405 },
    },
  },
  { method: "HEAD", path: "/only-post", expect: { status: 405, body: "", headers: { allow: "POST, OPTIONS" } } },
  { method: "PROPFIND", path: "/only-post", expect: { status: 405, headers: { allow: "POST, OPTIONS" } } },
  { method: "POST", path: "/only-post", expect: { status: 204, body: "", headers: { "content-type": null } } },
  { method: "HEAD", path: "/own-head", expect: { status: 200, body: "", headers: { "x-own": "head" } } },
  { method: "OPTIONS", path: "/own-head", expect: { status: 200, body: "own options" } },
  { method: "DELETE", path: "/echo", expect: { status: 200, jsonIncludes: { method: "DELETE", bytes: 0 } } },
  { method: "OPTIONS", path: "/nowhere", expect: { status: 404 } },
  { method: "POST", path: "/nowhere", body: "x", expect: { status: 404 } },
  { method: "HEAD", path: "/nowhere", expect: { status: 404, body: "" } },
  { method: "HEAD", path: "/binary/1000", expect: { status: 200, body: "", headers: { "content-type": "image/png" } } },
];
