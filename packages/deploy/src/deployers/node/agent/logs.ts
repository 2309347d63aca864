/**
 * What the supervisor kept of the workers' lines.
 * @module
 */
import * as fs from "node:fs/promises";
import { read, say, type Take } from "./files.ts";

const CHUNK = 65_536;

export async function logs(since: number, follow: boolean, take: Take): Promise<void> {
  const send = (text: string) => {
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const entry = JSON.parse(line) as { at: number }; // the supervisor's log wrote it
      if (entry.at >= since) say({ line: entry });
    }
  };
  // Whoever listened is gone.
  if (follow) take(1).catch(() => process.exit(0));
  let offset = 0;
  let rest = "";
  let inode = 0;
  let text = new TextDecoder();
  send((await read("logs/app.1.jsonl")) ?? "");
  for (;;) {
    const file = await fs.open("logs/app.jsonl").catch(() => undefined);
    const stat = await file?.stat();
    if (file && stat) {
      if (stat.ino !== inode) [inode, offset, rest, text] = [stat.ino, 0, "", new TextDecoder()];
      for (const buffer = Buffer.alloc(CHUNK); ; ) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        rest += text.decode(buffer.subarray(0, bytesRead), { stream: true });
        const whole = rest.lastIndexOf("\n") + 1;
        send(rest.slice(0, whole));
        rest = rest.slice(whole);
      }
    }
    await file?.close();
    if (!follow) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
