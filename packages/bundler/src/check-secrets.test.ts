import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlan } from "./bundle.fixture.ts";
import { checkSecrets } from "./check-secrets.ts";
import type { BuiltFunction } from "./contracts.ts";

function functionWith(code: string, sources: Record<string, string> = {}): BuiltFunction {
  const map = { version: 3, sources: Object.keys(sources), sourcesContent: Object.values(sources), mappings: "" };
  return {
    plan: createPlan("users"),
    files: [{ path: "index.mjs", contents: Buffer.from(code) }],
    maps: [{ path: "index.mjs.map", contents: Buffer.from(JSON.stringify(map)) }],
  };
}

const check = (code: string, values: Record<string, string> = {}, allow: string[] = []): void =>
  checkSecrets({ functions: [functionWith(code, { "lib/db.ts": code })], values, allow });

/** Written so that this file itself holds none of them. */
const KEYS = {
  "an AWS access key": `AKIA${"Q3EGRWZ2MNBVCXYA"}`,
  "an AWS secret key": `AWS_SECRET_ACCESS_KEY: "${"wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzKEYabcde"}"`,
  "a private key": `-----BEGIN RSA ${"PRIVATE KEY"}-----\\n${"MIIEpAIBAAKCAQEA".repeat(4)}`,
  "a GitHub token": `ghp_${"a1B2".repeat(9)}`,
  "a Stripe key": `sk_live_${"a1B2c3D4e5F6".repeat(2)}`,
  "a Slack token": `xoxb-${"123456789012"}-${"abcdefghijklmnop"}`,
  "a Google API key": `AIza${"Sy0123456789abcdefghijklmnopqrstuvw"}`,
  "an npm token": `npm_${"a1B2".repeat(9)}`,
};

for (const [kind, key] of Object.entries(KEYS)) {
  test(`${kind} in a bundle fails the build, names function and file, and is not printed`, () => {
    assert.throws(
      () => check(`const key = { ${key.includes(":") && key.startsWith("AWS") ? key : `k: "${key}"`} };`),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "SECRET_IN_BUNDLE");
        assert.match(error.message, new RegExp(`${kind} in function users, lib/db.ts`));
        assert.ok(!error.message.includes(key.slice(8, 30)));
        return true;
      },
    );
  });
}

test("the value of a secret variable is found, also where a string escapes it", () => {
  assert.throws(
    () => check('fetch("https://u:correct-horse@db")', { DB_SECRET: "correct-horse" }),
    /the value of DB_SECRET/,
  );
  assert.throws(() => check(String.raw`const a = "two\nlines";`, { KEY: "two\nlines" }), { code: "SECRET_IN_BUNDLE" });
});

test("what only resembles a secret passes", () => {
  for (const code of [
    'const pem = "-----BEGIN PRIVATE KEY-----\\n" + body;',
    'const docs = "AKIAIOSFODNN7EXAMPLE";',
    'const test = "sk_test_4eC39HqLyjWDarjtT1zdp7dc";',
    'const jwt = "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IMIYtRLlVZ0";',
    'const css = "xoxb-color"; const id = "ghp_short";',
  ]) {
    check(code);
  }
  check('const port = "8080";', { PORT_SECRET: "8080" });
});

test("allowSecrets lets a string through, and only that", () => {
  check(`const a = "${KEYS["a GitHub token"]}";`, {}, [KEYS["a GitHub token"]]);
  check("const a = 'not-secret-at-all';", { TOKEN: "not-secret-at-all" }, ["not-secret-at-all"]);
  assert.throws(() => check(`const a = "${KEYS["a Stripe key"]}";`, {}, [KEYS["a GitHub token"]]));
});

test("megabytes of near misses pass, since no shape is searched for twice from one place", () => {
  const parts = [
    "-----BEGIN PRIVATE KEY----- ",
    "AKIA",
    "sk-ant-api03-.",
    "aws_secret_access_key: ",
    "xoxb-1234567890-.",
    "AIza",
  ];
  assert.doesNotThrow(() => check(parts.map((part) => `${part.repeat(50_000)}!`).join("\n")));
});
