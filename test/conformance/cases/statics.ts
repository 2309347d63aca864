import type { ConformRequestInput } from "godwit";

/** Validators and caching of static files are the platform's own where it has an asset store. */
const OWN = [
  "etag",
  "last-modified",
  "cache-control",
  "accept-ranges",
  "content-disposition",
  "vary",
  "cf-cache-status",
];

/** Files of `public/`: they win over routes, and no middleware runs on them. */
export const statics: ConformRequestInput[] = [
  {
    path: "/hello.txt",
    vary: OWN,
    expect: {
      status: 200,
      body: "static text\n",
      headers: { "content-type": "text/plain; charset=utf-8", "x-layers": null },
    },
  },
  { path: "/nested/pic.svg", vary: OWN, expect: { status: 200, headers: { "content-type": "image/svg+xml" } } },
  {
    path: "/data.bin",
    vary: OWN,
    expect: { status: 200, bodyBase64: "AP+AYmluYXJ5", headers: { "content-type": "application/octet-stream" } },
  },
  { path: "/params/file.txt", vary: OWN, expect: { status: 200, body: "static wins\n" } },
  { method: "HEAD", path: "/hello.txt", vary: OWN, expect: { status: 200, body: "" } },
  { path: "/hello.txt?v=2", vary: OWN, expect: { status: 200, body: "static text\n" } },
  { path: "/hello.txt/", expect: { status: 404 } },
  { path: "/nested", expect: { status: 404 } },
  { path: "/nested/../../package.json", expect: { status: 404 } },
  { path: "/..%2fpackage.json", needs: ["encodedPath"], expect: { status: 404 } },
];
