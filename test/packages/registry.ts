/**
 * A registry on this machine that has the packed packages; all others are where npm would find them anyway.
 * @module
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Tarball } from "./pack.ts";

export interface Registry {
  url: string;
  close(): void;
}

export async function startRegistry(tarballs: readonly Tarball[]): Promise<Registry> {
  const real = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim().replace(/\/$/, "");
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    const tarball = tarballs.find(({ name }) => name === path.replace(/^-\//, ""));
    if (!tarball) response.writeHead(302, { location: real + request.url }).end();
    else if (path.startsWith("-/")) response.end(readFileSync(tarball.path));
    else response.setHeader("content-type", "application/json").end(describe(tarball, `${url}-/${tarball.name}`));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo; // of a server that listens on TCP
  const url = `http://127.0.0.1:${port}/`;
  return { url, close: () => server.close() };
}

/** What npm asks of a package: its versions, here one, and where its tarball is. */
function describe({ name, path }: Tarball, address: string): string {
  const own = JSON.parse(execFileSync("tar", ["xzOf", path, "package/package.json"], { encoding: "utf8" })) as {
    version: string;
  };
  const integrity = `sha512-${createHash("sha512").update(readFileSync(path)).digest("base64")}`;
  return JSON.stringify({
    name,
    "dist-tags": { latest: own.version },
    versions: { [own.version]: { ...own, dist: { tarball: address, integrity } } },
  });
}
