/**
 * How the deploy commands speak: nothing they write has a secret in it, and long work shows counts and time.
 * @module
 */
import { type Redact, redactJson } from "@godwit/deploy";
import colors from "../colors.ts";
import { note, print, printJson, progress } from "../output.ts";

export interface Speaker {
  /** A line of the result; none under `--json`. */
  say(line?: string): void;
  /** A line beside the result, on standard error. */
  note(line: string): void;
  json(value: unknown): void;
  /** What long work is at: on a terminal one line with its time, that the next one replaces. Empty ends it. */
  at(what: string): void;
  /** Ends what `at` shows, with a line that says how long it took. */
  done(what: string): void;
  /** Masks the values in everything from here on. */
  mask(redact: Redact): void;
  end(): void;
}

const TICK = 1000;

export function createSpeaker(json: boolean): Speaker {
  let redact: Redact = (text) => text;
  let shown = "";
  let began = performance.now();
  const plain = (text: string) => calm(redact(text));
  const paint = () => progress(shown && plain(`${shown}  ${seconds(performance.now() - began)}`));
  const ticking = setInterval(() => shown && paint(), TICK);
  ticking.unref();
  return {
    say: (line = "") => void (json || print(plain(line))),
    note: (line) => note(plain(line)),
    json: (value) => printJson(redactJson(value, redact)),
    at(what) {
      if (shown === "" || what === "") began = performance.now();
      shown = what;
      paint();
    },
    done(what) {
      shown = "";
      progress("");
      if (!json) print(`${plain(what)}  ${colors.dim(seconds(performance.now() - began))}`);
      began = performance.now();
    },
    mask(next) {
      const before = redact;
      redact = (text) => next(before(text));
    },
    end() {
      clearInterval(ticking);
      shown = "";
      progress("");
    },
  };
}

/**
 * Without what would steer a terminal, but for colours: log lines have what clients sent, and a plan what others wrote
 * in the cloud.
 */
export function calm(text: string): string {
  return text.replace(/\p{Cc}/gu, (one, at: number) => {
    if (one === "\n" || one === "\t") return one;
    return one === "\u001b" && /^\[[\d;]*m/.test(text.slice(at + 1, at + 20)) ? one : "";
  });
}

/** 840 -> `0.8 s`, 75,000 -> `1 m 15 s`. */
export function seconds(milliseconds: number): string {
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} m ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** `1 function`, `2 functions`. */
export function count(many: number, one: string, several = `${one}s`): string {
  return `${many} ${many === 1 ? one : several}`;
}
