/**
 * What stands in for ssh where a test kills a deploy: runs the command line in a shell of this machine, as sshd would,
 * and kills its caller, which cannot know, at the answer that `KILL` names (`after 3`), or while the question is worked
 * on (`during 5`). `CALLS` is a file with a line for each answer.
 * @module
 */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const args = process.argv.slice(2);
const end = args.indexOf("--");
const line = args[end + 2];
const forward = args[args.indexOf("-W") + 1];

if (args.includes("-W") && forward) {
  const socket = connect(Number(forward.split(":").at(-1)), "127.0.0.1");
  process.stdin.pipe(socket).pipe(process.stdout);
  socket.on("error", () => process.exit(1));
} else if (args.includes("-O")) {
  process.exit(0);
} else if (line) {
  const [, moment, at] = /^(after|during) (\d+)$/.exec(process.env.KILL ?? "") ?? [];
  const child = spawn("/bin/sh", ["-c", line], { stdio: ["pipe", "pipe", "inherit"] });
  const kill = () => {
    process.kill(process.ppid, "SIGKILL");
    child.kill("SIGKILL");
    process.exit(255);
  };
  let number = 0;
  process.stdin.on("data", () => {
    if (moment === "during" && number + 1 === Number(at)) setTimeout(kill, 20);
  });
  process.stdin.pipe(child.stdin);
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (text) => {
    if (!text.startsWith("godwit {")) return;
    number++;
    appendFileSync(process.env.CALLS ?? "", "call\n");
    if (moment === "after" && number === Number(at)) kill();
    else process.stdout.write(`${text}\n`);
  });
  child.on("exit", (code) => process.exit(code ?? 255));
}
