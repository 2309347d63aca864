import type { ConformRequestInput } from "godwit";

const every = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
const large = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251));
const multipart = [
  "--edge",
  'Content-Disposition: form-data; name="note"',
  "",
  "grüße",
  "--edge",
  'Content-Disposition: form-data; name="file"; filename="a b.bin"',
  "Content-Type: application/octet-stream",
  "",
  "\u0000\u0001end",
  "--edge--",
  "",
].join("\r\n");

/** Every kind of body, bytes both ways. */
export const bodies: ConformRequestInput[] = [
  { method: "POST", path: "/body/text", body: "plain", expect: { status: 200, body: "plain" } },
  { method: "POST", path: "/body/text", body: "grüße 🐦", expect: { status: 200, body: "grüße 🐦" } },
  { method: "POST", path: "/body/text", body: "", expect: { status: 200, body: "" } },
  { name: "a POST without a body", method: "POST", path: "/body/text", expect: { status: 200, body: "" } },
  {
    method: "POST",
    path: "/body/json",
    json: { a: [1, null, "ü"] },
    expect: { status: 200, json: { got: { a: [1, null, "ü"] } } },
  },
  { method: "POST", path: "/body/json", json: null, expect: { status: 200, json: { got: null } } },
  {
    name: "malformed JSON",
    method: "POST",
    path: "/body/json",
    body: "{",
    headers: { "content-type": "application/json" },
    expect: { status: 400, jsonIncludes: { code: "JSON_MALFORMED" } },
  },
  {
    name: "a form",
    method: "POST",
    path: "/body/form",
    body: "a=1&a=2&b=%C3%BC+x",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    expect: {
      status: 200,
      json: [
        ["a", "1"],
        ["a", "2"],
        ["b", "ü x"],
      ],
    },
  },
  {
    name: "a multipart form with a file",
    method: "POST",
    path: "/body/form",
    body: multipart,
    headers: { "content-type": "multipart/form-data; boundary=edge" },
    expect: {
      status: 200,
      json: [
        ["note", "grüße"],
        ["file", "a b.bin", "application/octet-stream", 5],
      ],
    },
  },
  {
    name: "every byte value, up and back",
    method: "POST",
    path: "/body/pipe",
    bodyBase64: every.toString("base64"),
    headers: { "content-type": "application/octet-stream" },
    expect: { status: 200, bodyBase64: every.toString("base64") },
  },
  {
    name: "every byte value under a text type",
    needs: ["rawText"],
    method: "POST",
    path: "/echo",
    bodyBase64: every.toString("base64"),
    headers: { "content-type": "text/plain" },
    expect: { status: 200, jsonIncludes: { bytes: 256, base64: every.toString("base64") } },
  },
  {
    name: "300 kB, up and back",
    method: "POST",
    path: "/body/pipe",
    bodyBase64: large.toString("base64"),
    expect: { status: 200, bytes: 300_000, bodyBase64: large.toString("base64") },
  },
  {
    name: "a chunked upload",
    method: "POST",
    path: "/body/count",
    bodyBase64: large.toString("base64"),
    chunked: 7_000,
    expect: { status: 200, json: { bytes: 300_000, body: true } },
  },
  {
    name: "a body that nobody reads",
    method: "POST",
    path: "/body/ignored",
    bodyBase64: large.toString("base64"),
    expect: { status: 200, body: "not read" },
  },
  {
    name: "a body read twice through clone",
    method: "POST",
    path: "/body/twice",
    body: "both",
    expect: { status: 200, json: ["both", "both"] },
  },
  {
    method: "PUT",
    path: "/echo",
    body: "put",
    expect: { status: 200, jsonIncludes: { method: "PUT", base64: "cHV0" } },
  },
  {
    method: "PATCH",
    path: "/echo",
    body: "patch",
    expect: { status: 200, jsonIncludes: { method: "PATCH", base64: "cGF0Y2g=" } },
  },
  {
    method: "DELETE",
    path: "/echo",
    body: "gone",
    expect: { status: 200, jsonIncludes: { method: "DELETE", base64: "Z29uZQ==" } },
  },
  {
    name: "a type that is not ASCII-clean",
    method: "POST",
    path: "/echo",
    body: "x",
    headers: { "content-type": 'text/plain; charset="utf-8"; a=b' },
    expect: { status: 200, jsonIncludes: { type: 'text/plain; charset="utf-8"; a=b' } },
  },
  {
    path: "/binary/256",
    expect: { status: 200, bodyBase64: every.toString("base64"), headers: { "content-type": "image/png" } },
  },
  { path: "/binary/0", expect: { status: 200, bytes: 0, headers: { "content-type": "image/png" } } },
  { path: "/binary/1000000", expect: { status: 200, bytes: 1_000_000 } },
  {
    path: "/binary/untyped",
    expect: { status: 200, bodyBase64: "AP/+gAoN", headers: { "content-type": "application/octet-stream" } },
  },
  {
    path: "/binary/text-type",
    expect: { status: 200, bodyBase64: "//5BgA==", headers: { "content-type": "text/plain" } },
  },
];
