/**
 * Redis' own protocol (RESP2), byte for byte: what stands before a server must tell a simple string from bytes, which
 * clients for apps do not.
 * @module
 */

/** A line (`OK`) is a string, a value its bytes, an absent one null; an error is its text. */
export type Reply = string | number | null | Buffer | Refusal | Reply[];

/** What the server answered to one command in the place of a result. */
export interface Refusal {
  error: string;
}

export type Command = readonly (string | Uint8Array)[];

export function isRefusal(reply: Reply): reply is Refusal {
  return typeof reply === "object" && reply !== null && "error" in reply;
}

export function writeCommand(words: Command): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === "string" ? Buffer.from(word) : word;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, LINE);
  }
  return Buffer.concat(parts);
}

const LINE = Buffer.from("\r\n");

/** Takes what comes in and gives each reply when it is whole. */
export function createReader(onReply: (reply: Reply) => void): (data: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  /** Nothing is whole before there are so many bytes: a large value is not looked at for each of its packets. */
  let wanted = 1;
  return (data) => {
    chunks.push(data);
    held += data.length;
    if (held < wanted) return;
    const buffer = chunks.length === 1 ? data : Buffer.concat(chunks, held);
    let at = 0;
    for (;;) {
      const read = readReply(buffer, at);
      if (typeof read === "number") {
        wanted = read - at;
        break;
      }
      onReply(read.reply);
      at = read.end;
    }
    chunks = at < buffer.length ? [buffer.subarray(at)] : [];
    held = buffer.length - at;
  };
}

/** The reply that begins at a byte and where it ends, or how far the buffer has to reach at least. */
function readReply(buffer: Buffer, start: number): { reply: Reply; end: number } | number {
  const line = buffer.indexOf("\r\n", start);
  if (line < 0) return buffer.length + 1;
  const text = buffer.toString("utf8", start + 1, line);
  const end = line + 2;
  const size = Number(text);
  switch (String.fromCharCode(buffer[start] ?? 0)) {
    case "-":
      return { reply: { error: text }, end };
    case ":":
      return { reply: size, end };
    case "$": {
      if (size < 0) return { reply: null, end };
      const whole = end + size + 2;
      return buffer.length < whole ? whole : { reply: buffer.subarray(end, end + size), end: whole };
    }
    case "*": {
      if (size < 0) return { reply: null, end };
      const items: Reply[] = [];
      let at = end;
      while (items.length < size) {
        const item = readReply(buffer, at);
        if (typeof item === "number") return item;
        items.push(item.reply);
        at = item.end;
      }
      return { reply: items, end: at };
    }
    default:
      return { reply: text, end };
  }
}
