import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, readFile } from "node:fs/promises";
import { request as requestPlain } from "node:http";
import { request } from "node:https";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { createApp, godwit } from "../cli.fixture.ts";
import { TARGETS } from "../project/config.ts";
import { startDev } from "./dev.fixture.ts";

const say = (word: string) => `export const GET = () => new Response(${JSON.stringify(word)});\n`;

/** Over TLS, whoever signed the certificate; with `ca` only where that one did. */
async function ask(url: string, body?: string, ca?: string): Promise<{ text: string; names: string }> {
  const outgoing = request(url, {
    method: body === undefined ? "GET" : "POST",
    agent: false,
    ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
    headers: { "x-forwarded-proto": "http", "x-forwarded-host": "evil.example" },
  });
  outgoing.end(body);
  const [response] = await once(outgoing, "response");
  const names = (response.socket as TLSSocket).getPeerCertificate().subjectaltname ?? ""; // agent: false, over TLS
  let text = "";
  for await (const chunk of response) text += chunk;
  return { text, names };
}

for (const target of TARGETS) {
  test(`under --https the app on ${target} sees https, whatever the client writes`, async (t) => {
    const files = {
      "routes/at.ts":
        "export const GET = ({ url }: Request) => new Response(url);\nexport const POST = async (request: Request) => new Response(request.url + await request.text());\n",
    };
    const dev = await startDev(t, files, ["--target", target, "--https"]);
    assert.match(dev.url, /^https:\/\/localhost:\d+\/$/);
    const { text, names } = await ask(`${dev.url}at?a=b`);
    assert.equal(text, `${dev.url}at?a=b`);
    assert.match(names, /DNS:localhost, IP Address:127\.0\.0\.1/);
    assert.equal((await ask(`${dev.url}at`, " and a body")).text, `${dev.url}at and a body`);
  });
}

for (const target of TARGETS) {
  test(`the app on ${target} sees the client's own address, and no header of the server's`, async (t) => {
    const files = {
      "routes/who.ts":
        "export const POST = async (request: Request, { ip }: { ip?: string }) => Response.json({ ip, names: [...request.headers.keys()], body: await request.text() });\n",
    };
    const dev = await startDev(t, files, ["--target", target, "--host", "0.0.0.0"]);
    const outgoing = requestPlain(new URL("/who", dev.url), {
      host: "127.0.0.1",
      localAddress: "127.0.0.2", // all of 127.0.0.0/8 is this machine
      method: "POST",
      agent: false,
      headers: { expect: "100-continue", "x-real-ip": "192.0.2.1", "cf-connecting-ip": "192.0.2.1" },
    });
    outgoing.end("hello");
    const [response] = await once(outgoing, "response");
    const { ip, names, body } = (await json(response)) as { ip: string; names: string[]; body: string };
    assert.deepEqual([ip, body], ["127.0.0.2", "hello"]);
    assert.deepEqual(
      names.filter((name) => name.startsWith("x-client")),
      [],
    );
  });
}

test("--cert and --key serve with that certificate, and say what they cannot read", async (t) => {
  const own = await startDev(t, { "routes/index.ts": say("first") }, ["--https"]);
  const [cert, key] = ["cert.pem", "key.pem"].map((name) => join(own.root, ".godwit/https", name));
  const dev = await startDev(t, { "routes/index.ts": say("second") }, ["--cert", `${cert}`, "--key", `${key}`]);
  assert.equal((await ask(dev.url, undefined, await readFile(`${cert}`, "utf8"))).text, "second");
  const missing = await godwit([
    "dev",
    "--root",
    own.root,
    "--port",
    "0",
    "--json",
    "--cert",
    `${cert}`,
    "--key",
    "no",
  ]);
  assert.equal(missing.code, 1);
  assert.match(missing.stdout + missing.stderr, /CERTIFICATE_UNREADABLE/);
  const alone = await godwit(["dev", "--root", own.root, "--cert", `${cert}`]);
  assert.equal(alone.code, 64);
  assert.match(alone.stderr, /--cert and --key go together/);
});

test("--host 0.0.0.0 listens to all and prints the addresses for other machines; the default prints none", async (t) => {
  const files = { "routes/index.ts": say("all") };
  const dev = await startDev(t, files, ["--host", "0.0.0.0"]);
  const [line] = await dev.says(/^\{"event":"ready".*$/m);
  const { network } = JSON.parse(line) as { network: string[] };
  assert.match(dev.url, /^http:\/\/localhost:/);
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ internal, family }) => !internal && family === "IPv4");
  const { port } = new URL(dev.url);
  assert.deepEqual(
    network,
    addresses.map(({ address }) => `http://${address}:${port}/`),
  );
  for (const url of network) assert.equal(await (await fetch(url)).text(), "all");
  const alone = await startDev(t, files);
  assert.match((await alone.says(/^\{"event":"ready".*$/m))[0], /"network":\[\]/);
});

/** A browser that writes down what it is asked to open. */
async function createBrowser(t: TestContext): Promise<{ program: string; opened(): Promise<string> }> {
  const root = await createApp(t, { "browser.sh": `#!/bin/sh\nprintf '%s\\n' "$@" >> "$(dirname "$0")/opened"\n` });
  const program = join(root, "browser.sh");
  await chmod(program, 0o755);
  return {
    program,
    async opened() {
      for (;;) {
        const text = await readFile(join(root, "opened"), "utf8").catch(() => "");
        if (text.endsWith("\n")) return text;
        await sleep(20);
      }
    },
  };
}

test("--open opens the address with the program that BROWSER names, once it answers", async (t) => {
  const { program, opened } = await createBrowser(t);
  const dev = await startDev(t, { "routes/index.ts": say("seen") }, ["--open"], { BROWSER: program });
  assert.equal(await opened(), `${dev.url}\n`);
});

test("--open says where to go when no browser can be opened", async (t) => {
  const dev = await startDev(t, { "routes/index.ts": say("seen") }, ["--open"], { BROWSER: "/nowhere/browser" });
  await dev.says(/No browser could be opened\. Go to http:/);
  assert.equal(await dev.text("/"), "seen");
});

test("an app's folder that takes nothing is an error with its reason, and the command ends", async (t) => {
  const root = await createApp(t, { "routes/index.ts": say("good"), ".godwit": "a file" });
  for (const more of [[], ["--https"]]) {
    const { code, stdout } = await godwit(["dev", "--root", root, "--port", "0", "--json", ...more]);
    assert.equal(code, 1);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    assert.equal(error.code, "DEV_READ_ONLY");
    assert.match(error.message, /\.godwit\/(?:dev|https) cannot be written: a part of the path is a file/);
  }
});
