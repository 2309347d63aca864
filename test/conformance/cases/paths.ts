import type { ConformRequestInput } from "godwit";

const NOT_FOUND = { status: 404, headers: { "content-type": "application/json; charset=utf-8", "x-layers": "root" } };

/** A path, the route that answers it, and the params it sees. */
const found = (
  path: string,
  route: string,
  params: unknown,
  pathname = path.replace(/\?.*$/s, ""),
): ConformRequestInput => ({
  path,
  expect: { status: 200, jsonIncludes: { route, params, pathname } },
});

const missing = (path: string, pathname = path) => ({ path, expect: { ...NOT_FOUND, json: { missing: pathname } } });

/** A front that decodes the path refuses these itself. */
const malformed = (path: string): ConformRequestInput => ({
  path,
  needs: ["encodedPath"],
  expect: {
    status: 400,
    headers: { "content-type": "application/problem+json" },
    jsonIncludes: { code: "PATH_MALFORMED" },
  },
});

/** Which route a path picks, and what it is decoded to. */
export const paths: ConformRequestInput[] = [
  { path: "/", expect: { status: 200, body: "root", headers: { "x-layers": "root" } } },
  { path: "/?x=1", expect: { status: 200, body: "root" } },
  found("/params/7", "/params/[id]", { id: "7" }),
  found("/params/7/edit", "/params/[id]/edit", { id: "7" }),
  found("/params/a/b/c", "/params/[a]/[b]/[c]", { a: "a", b: "b", c: "c" }),
  { ...found("/params/a%2Fb", "/params/[id]", { id: "a/b" }), needs: ["encodedPath"] },
  { ...found("/params/a%2fb", "/params/[id]", { id: "a/b" }), needs: ["encodedPath"] },
  found("/params/%C3%BC%20x", "/params/[id]", { id: "ü x" }),
  found("/params/a+b", "/params/[id]", { id: "a+b" }),
  found("/params/100%25", "/params/[id]", { id: "100%" }),
  found("/params/%2525", "/params/[id]", { id: "%25" }),
  found("/params/a;b=c,d", "/params/[id]", { id: "a;b=c,d" }),
  found("/params/~!$&'()*:@-._", "/params/[id]", { id: "~!$&'()*:@-._" }),
  found("/params/constructor", "/params/[id]", { id: "constructor" }),
  found("/params/__proto__", "/params/[id]", { id: "__proto__" }),
  found("/shape/12", "/shape/[n=int]", { n: "12" }),
  found("/shape/-3", "/shape/[n=int]", { n: "-3" }),
  found("/shape/007", "/shape/[slug]", { slug: "007" }),
  found("/shape/abc", "/shape/[slug]", { slug: "abc" }),
  found("/shape/4/x", "/shape/[e=even]/x", { e: "4" }),
  found("/shape/5/x", "/shape/[slug]/x", { slug: "5" }),
  found("/opt/page", "/opt/[[lang]]/page", {}),
  found("/opt/de/page", "/opt/[[lang]]/page", { lang: "de" }),
  found("/rest/a", "/rest/[...path]", { path: ["a"] }),
  { ...found("/rest/a/b%2Fc/d", "/rest/[...path]", { path: ["a", "b/c", "d"] }), needs: ["encodedPath"] },
  missing("/rest"),
  found("/any", "/any/[[...path]]", { path: [] }),
  found("/any/a/b", "/any/[[...path]]", { path: ["a", "b"] }),
  found("/fixed/exact", "/fixed/exact", {}),
  found("/fixed/exac", "/fixed/[name]", { name: "exac" }),
  { ...found("/fixed/%65xact", "/fixed/exact", {}), needs: ["encodedPath"] },
  found("/fixed/%C3%BCber", "/fixed/über", {}),
  found("/fixed/deep/a/end", "/fixed/deep/[x]/end", { x: "a" }),
  found("/fixed/deep/a/other", "/fixed/deep/[...more]", { more: ["a", "other"] }),
  found("/grouped", "/grouped", {}),
  missing("/nowhere"),
  missing("/Grouped"),
  missing("/params"),
  missing("/params/"),
  missing("/params/7/"),
  missing("/rest/"),
  missing("/rest/a/"),
  missing("/any/"),
  missing("/params//edit"),
  missing("//"),
  missing("//evil.test/params/7"),
  missing("/rest//a"),
  missing("/(group)/grouped"),
  missing("/_not-found"),
  missing("/order/_middleware"),
  { ...found("/params/./7", "/params/[id]", { id: "7" }, "/params/7"), needs: ["dotSegments"] },
  { ...found("/nowhere/../params/7", "/params/[id]", { id: "7" }, "/params/7"), needs: ["dotSegments"] },
  { ...found("/nowhere/%2e%2e/params/7", "/params/[id]", { id: "7" }, "/params/7"), needs: ["dotSegments"] },
  { ...found("/../../params/7", "/params/[id]", { id: "7" }, "/params/7"), needs: ["dotSegments"] },
  malformed("/params/%zz"),
  malformed("/params/%"),
  malformed("/params/%FF"),
  malformed("/nowhere/%E0%A4"),
  found("/params/7?a=1&b=", "/params/[id]", { id: "7" }),
  { ...found("/params/7?a=1&a=2&b=", "/params/[id]", { id: "7" }), needs: ["repeats"] },
  {
    name: "a query keeps empty values and signs",
    path: "/echo?b=2&a=1&empty=&bare&sp=a+b&enc=%26%3D%C3%BC",
    expect: {
      status: 200,
      jsonIncludes: {
        query: [
          ["b", "2"],
          ["a", "1"],
          ["empty", ""],
          ["bare", ""],
          ["sp", "a b"],
          ["enc", "&=ü"],
        ],
      },
    },
  },
  {
    name: "a query keeps repeats, empty values and signs",
    needs: ["repeats"],
    path: "/echo?b=2&b=3&a=1&empty=&bare&sp=a+b&enc=%26%3D%C3%BC",
    expect: {
      status: 200,
      jsonIncludes: {
        query: [
          ["b", "2"],
          ["b", "3"],
          ["a", "1"],
          ["empty", ""],
          ["bare", ""],
          ["sp", "a b"],
          ["enc", "&=ü"],
        ],
      },
    },
  },
  {
    name: "a query keeps its order",
    needs: ["rawQuery"],
    path: "/echo?b=2&a=1&b=3&empty=&bare&sp=a+b&enc=%26%3D%C3%BC",
    expect: {
      status: 200,
      jsonIncludes: {
        query: [
          ["b", "2"],
          ["a", "1"],
          ["b", "3"],
          ["empty", ""],
          ["bare", ""],
          ["sp", "a b"],
          ["enc", "&=ü"],
        ],
      },
    },
  },
  { path: "/echo?", expect: { status: 200, jsonIncludes: { query: [] } } },
  { path: "/echo?x=%zz", expect: { status: 200, jsonIncludes: { query: [["x", "%zz"]] } } },
  { path: "/echo?q=a/b?c", expect: { status: 200, jsonIncludes: { query: [["q", "a/b?c"]] } } },
];
