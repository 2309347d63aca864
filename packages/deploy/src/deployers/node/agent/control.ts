/**
 * The supervisor from the host's side: put there, started, asked, ended.
 * @module
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import type { Reply, SupervisorStatus } from "../supervisor/words.ts";
import { Refused, read } from "./files.ts";
import type { Ask } from "./words.ts";

/** Puts the supervisor's files there, and starts one where none answers. */
export async function install({ version, files, start }: Extract<Ask, { op: "install" }>): Promise<SupervisorStatus> {
  const folder = `supervisor/${version}`;
  if ((await fs.readlink("supervisor/current").catch(() => "")) !== version) {
    await fs.mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) await fs.writeFile(join(folder, name), text);
    await fs.rm("supervisor/current.next", { force: true });
    await fs.symlink(version, "supervisor/current.next");
    await fs.rename("supervisor/current.next", "supervisor/current");
    for (const old of await fs.readdir("supervisor")) {
      if (old !== "current" && old !== version) await fs.rm(join("supervisor", old), { recursive: true, force: true });
    }
  }
  const status = () => control({ command: "status" }, 5000) as Promise<SupervisorStatus>; // what `status` answers
  const running = await status().catch(() => undefined);
  if (running) return running;
  await fs.mkdir("logs", { recursive: true, mode: 0o700 });
  const log = await fs.open("logs/supervisor.log", "w", 0o600);
  const [command, ...parts] = start ?? [process.execPath, "supervisor/current/main.mjs", process.cwd()];
  const { PATH = "", HOME = "", USER = "", LANG = "", TZ = "" } = process.env;
  const env = Object.fromEntries(Object.entries({ PATH, HOME, USER, LANG, TZ }).filter(([, value]) => value !== ""));
  // In a session of its own: it outlives this call and the connection that brought it.
  const child = spawn(command ?? "", parts, { detached: true, stdio: ["ignore", log.fd, log.fd], env });
  let failure = "";
  child.once("error", (error) => {
    failure = error.message;
  });
  child.once("exit", (code) => {
    if (!start || code !== 0) failure = `ended with ${code}`;
  });
  child.unref();
  await log.close();
  for (const end = Date.now() + 15_000; Date.now() < end && failure === ""; ) {
    const up = await status().catch(() => undefined);
    if (up && (await serves(up))) return up;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  // A live release that does not start any more is what a deploy may be there to mend.
  const late = await status().catch(() => undefined);
  if (late) return late;
  const said = (await read("logs/supervisor.log"))?.slice(-2000).trim();
  throw new Refused(
    "no-supervisor",
    `The supervisor ${failure || "does not answer"}.${said ? ` It says:\n${said}` : ""}`,
  );
}

/** Whether what was live before is served again. */
async function serves({ live, fleets, ports }: SupervisorStatus): Promise<boolean> {
  const current = (await fs.readlink("current").catch(() => undefined))?.split("/").at(-1);
  if (current === undefined) return true;
  return live === current && ports.length > 0 && fleets.some(({ id, ready }) => id === live && ready > 0);
}

/** One line to the supervisor, one line back. */
export function control(command: Extract<Ask, { op: "control" }>["command"], time: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect("control.sock");
    let text = "";
    const fail = (why: string) => {
      socket.destroy();
      reject(new Refused("no-supervisor", `The supervisor ${why}.`));
    };
    socket.setTimeout(time, () => fail("gave no answer in time"));
    socket.once("error", (error) => fail(`is not there: ${error.message}`));
    socket.once("close", () => fail("went away before it had answered"));
    socket.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
      if (!text.endsWith("\n")) return;
      socket.removeAllListeners("close").end();
      const reply = JSON.parse(text) as Reply; // its one line
      if ("ok" in reply) resolve(reply.ok);
      else reject(new Refused(reply.refused.reason, reply.refused.message));
    });
    socket.write(`${JSON.stringify(command)}\n`);
  });
}
