import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createApp } from "@godwit/core/app";
import { httpEvent, lambdaContext } from "./events.fixture.ts";
import { openFiles, toHandler } from "./index.ts";

async function withFiles(
  index: object | undefined,
  use: (get: (path: string, method?: string) => Promise<unknown>) => Promise<void>,
) {
  const folder = await mkdtemp(join(tmpdir(), "lambda-"));
  try {
    await mkdir(join(folder, "public"));
    await writeFile(join(folder, "public", "a b#.txt"), "hello");
    await writeFile(join(folder, "secret.txt"), "secret");
    if (index) await writeFile(join(folder, "assets.json"), JSON.stringify(index));
    const files = openFiles(pathToFileURL(join(folder, "index.mjs")).href);
    const handler = toHandler(
      createApp(() => undefined),
      { files },
    );
    await use((rawPath, method) => handler(httpEvent({ rawPath, method }), lambdaContext()));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const statusOf = async (result: Promise<unknown>) => ((await result) as { statusCode: number }).statusCode; // of v2

test("files of the index are served with their type, tag and length", async () => {
  await withFiles({ "/a b#.txt": [5, "text/plain; charset=utf-8", '"tag"'] }, async (get) => {
    assert.deepEqual(await get("/a b#.txt"), {
      statusCode: 200,
      headers: {
        "accept-ranges": "bytes",
        "cache-control": "public, max-age=0, must-revalidate",
        "content-length": "5",
        "content-type": "text/plain; charset=utf-8",
        etag: '"tag"',
      },
      body: "hello",
      isBase64Encoded: false,
    });
    assert.equal(await statusOf(get("/a b#.txt", "POST")), 404);
    assert.equal(await statusOf(get("/secret.txt")), 404);
    assert.equal(await statusOf(get("/../secret.txt")), 404);
    assert.equal(await statusOf(get("/..%2fsecret.txt")), 404);
  });
});

test("without an index there are no files", async () => {
  await withFiles(undefined, async (get) => {
    assert.equal(await statusOf(get("/a b#.txt")), 404);
  });
});
