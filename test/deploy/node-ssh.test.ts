import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { rollback } from "../../packages/deploy/src/engine/rollback.ts";
import { findProgram } from "../programs.ts";
import {
  cleanUp,
  createBuilds,
  createPlace,
  createWork,
  get,
  SECRET,
  ship,
  until,
  watch,
  withStage,
} from "./node.fixture.ts";

const work = createWork();
const build = createBuilds(work);
after(() => cleanUp(work));

/** A server of its own on loopback, with keys that nobody else has. */
async function startServer(): Promise<AsyncDisposable & { sshCommand: string[] }> {
  const sshd = findProgram("sshd", "openssh-server");
  const keygen = findProgram("ssh-keygen", "openssh-client");
  const folder = mkdtempSync(join(work, "ssh-"));
  const file = (name: string) => join(folder, name);
  for (const name of ["host", "user"]) execFileSync(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", file(name)]);
  execFileSync("cp", [file("user.pub"), file("authorized")]);
  chmodSync(file("authorized"), 0o600);
  const port = await freePort();
  const config = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${file("host")}`,
    `AuthorizedKeysFile ${file("authorized")}`,
    `PidFile ${file("pid")}`,
    "PermitRootLogin yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    // The folders of the tests are anybody's.
    "StrictModes no",
  ];
  writeFileSync(file("config"), `${config.join("\n")}\n`);
  mkdirSync("/run/sshd", { recursive: true });
  const server = spawn(sshd, ["-D", "-e", "-f", file("config")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (chunk) => {
    said += chunk;
  });
  await until(async () => {
    assert.equal(server.exitCode, null, said);
    return isOpen(port);
  });
  const options = [
    ...["-F", "none", "-i", file("user"), "-p", String(port), "-o", "IdentitiesOnly=yes"],
    ...["-o", `UserKnownHostsFile=${file("known")}`, "-o", "StrictHostKeyChecking=accept-new"],
  ];
  return {
    sshCommand: [findProgram("ssh", "openssh-client"), ...options],
    async [Symbol.asyncDispose]() {
      server.kill();
      await once(server, "exit");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

test("a host over ssh is deployed to, verified through it, rolled back, and read", async () => {
  await using server = await startServer();
  const { sshCommand } = server;
  // A name with what a shell would read.
  await using place = createPlace(work, { path: join(work, 'it\'s a $HOME `id` "folder"') });
  const settings = { host: `${userInfo().username}@127.0.0.1`, node: process.execPath, sshCommand };
  const first = await ship({ ...place, artefact: build("v1"), settings });
  assert.match(first.plan.place, /@127\.0\.0\.1, /);
  const [url] = first.urls;
  assert.ok(url);
  assert.equal(url.hostname, "127.0.0.1");
  await using clients = watch(url);
  const second = await ship({ ...place, artefact: build("v2"), settings });
  assert.equal(second.verified.length, 2, "through a tunnel to the candidate");
  assert.match((await get(url)).text, /^v2/);
  await assert.rejects(ship({ ...place, artefact: build("crashing"), settings }), { code: "NODE_RELEASE_FAILED" });
  await withStage({ ...place, settings }, (deployer, input) => rollback({ deployer, input }));
  assert.match((await get(url)).text, /^v1/);
  assert.equal((await ship({ ...place, artefact: build("v1"), settings })).outcome, "unchanged");
  await get(new URL("/secret", url));
  const lines: string[] = [];
  await until(() =>
    withStage({ ...place, settings }, async (deployer, { signal }) => {
      for await (const { text } of deployer.logs?.({ follow: false, since: 0, signal }) ?? []) lines.push(text);
      return lines.includes("has [secret API_KEY]");
    }),
  );
  await clients.stop();
  assert.deepEqual(clients.failures, []);
  assert.ok(!execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).includes(SECRET));
  await withStage({ ...place, settings }, (deployer) => deployer.destroy());
});

test("what ssh refuses, and a host without Node, are told with the way out", async () => {
  const ssh = findProgram("ssh", "openssh-client");
  const artefact = build("v1");
  const port = String(await freePort());
  const place = { path: join(work, "nowhere"), artefact, stage: "pr-1" };
  const command = [ssh, "-F", "none", "-p", port, "-o", "StrictHostKeyChecking=accept-new"];
  await assert.rejects(ship({ ...place, settings: { host: "127.0.0.1", sshCommand: command } }), {
    code: "DEPLOY_PLACE_UNKNOWN",
    message: /Connection refused/,
  });
  await assert.rejects(ship({ ...place, settings: { host: "no-such-host.invalid", sshCommand: command } }), {
    code: "DEPLOY_PLACE_UNKNOWN",
    message: /no-such-host/,
  });
  await assert.rejects(ship({ ...place, settings: { host: "127.0.0.1", sshCommand: [join(work, "no-ssh")] } }), {
    code: "NODE_SSH_MISSING",
  });
  await assert.rejects(ship({ ...place, settings: { node: "/no/such/node" } }), { code: "NODE_HOST_WITHOUT_NODE" });
});

test("a key that the host does not know, and a Node that it does not have, are told with the way out", async () => {
  await using server = await startServer();
  const place = { path: join(work, "nowhere"), artefact: build("v1"), stage: "pr-1" };
  const host = `${userInfo().username}@127.0.0.1`;
  const { sshCommand } = server;
  await assert.rejects(ship({ ...place, settings: { host, sshCommand, node: "/no/such/node" } }), {
    code: "NODE_HOST_WITHOUT_NODE",
    message: /deploy\.node\.node/,
  });
  const strange = [...sshCommand];
  strange[strange.indexOf("-i") + 1] = join(work, "no-key");
  await assert.rejects(ship({ ...place, settings: { host, sshCommand: strange } }), {
    code: "DEPLOY_CREDENTIALS_INVALID",
    message: /Permission denied/,
  });
});
