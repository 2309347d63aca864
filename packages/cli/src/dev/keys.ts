/**
 * Keys of a terminal, with or without enter.
 * @module
 */

export type Key = "h" | "r" | "o" | "q";

export const HELP: Record<Key, string> = {
  h: "show this help",
  r: "restart the runtime",
  o: "open in the browser",
  q: "quit",
};

const isKey = (text: string): text is Key => Object.hasOwn(HELP, text);

/** Listens where standard input is a terminal; the function that it gives puts the terminal back. */
export function listenToKeys(onKey: (key: Key) => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  const onData = (data: Buffer): void => {
    for (const letter of data.toString("utf8").toLowerCase()) {
      if (letter === "\x03" || letter === "\x04")
        process.kill(process.pid, "SIGINT"); // raw mode makes none itself
      else if (isKey(letter)) onKey(letter);
    }
  };
  stdin.setRawMode(true);
  stdin.on("data", onData);
  stdin.resume();
  return () => {
    stdin.off("data", onData);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
