import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createApp, type Running, startGodwit } from "../cli.fixture.ts";

export interface Dev extends Running {
  root: string;
  url: string;
  text(path: string): Promise<string>;
  /** Asks until the answer is that: an edit is seen when the system tells of it. */
  until(path: string, expected: string | RegExp | number): Promise<void>;
  write(path: string, contents: string): Promise<void>;
}

/** `godwit dev` over an app, piped, so that its output is JSON. */
export async function startDev(
  t: TestContext,
  files: Record<string, string>,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Dev> {
  const started: Running[] = [];
  // Registered first, so that it has ended when its folder goes.
  t.after(async () => {
    for (const { child, ended } of started) {
      child.kill("SIGINT");
      await ended;
    }
  });
  const dev = await startDevIn(t, await createApp(t, files), args, env);
  started.push(dev);
  return dev;
}

/** The same over an app that is there, whose server has to end before its folder goes. */
export async function startDevIn(
  t: TestContext,
  root: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Dev> {
  const running = startGodwit(t, ["dev", "--root", root, "--port", "0", ...args], env);
  const [line] = await running.says(/^\{"event":"ready".*$/m);
  const { url } = JSON.parse(line) as { url: string };
  const text = async (path: string) => (await fetch(new URL(path, url))).text();
  return {
    ...running,
    root,
    url,
    text,
    async until(path, expected) {
      for (;;) {
        const response = await fetch(new URL(path, url));
        const body = await response.text();
        if (typeof expected === "number" ? response.status === expected : matches(body, expected)) return;
        await sleep(10);
      }
    },
    write: (path, contents) => writeFile(join(root, path), contents),
  };
}

function matches(text: string, expected: string | RegExp): boolean {
  return typeof expected === "string" ? text === expected : expected.test(text);
}

/** Waits until standard error has it. */
export async function saysError({ child, stderr }: Running, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(stderr());
    if (found) return found;
    await once(child.stderr ?? child, "data");
  }
}
