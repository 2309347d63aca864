/**
 * The clock of a server: calls scheduled routes, once in each process that runs. Several instances each call them; a
 * job that must run once takes a lock of its own.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";

/** Five fields (minute, hour, day of month, month, day of week; UTC), and the pattern of the route it calls. */
export type Schedule = readonly [cron: string, pattern: string];

const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** Calls each pattern in the minutes of its expression until the answer is called. Throws CRON_INVALID. */
export function startSchedules(schedules: readonly Schedule[], call: (pattern: string) => void): () => void {
  const due = schedules.map(([cron, pattern]) => [parseCron(cron), pattern] as const);
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    timer = setTimeout(
      () => {
        const now = new Date();
        for (const [isDue, pattern] of due) if (isDue(now)) call(pattern);
        wait();
      },
      // Half a second into the minute: a timer that fires a little early must not see the minute before.
      60_500 - (Date.now() % 60_000),
    );
    timer.unref();
  };
  if (due.length > 0) wait();
  return () => clearTimeout(timer);
}

/** Whether a moment is in a minute of the expression. */
export function parseCron(cron: string): (moment: Date) => boolean {
  const fail = (): never => {
    throw new GodwitError("CRON_INVALID", `${JSON.stringify(cron)} is not a cron expression of five fields.`);
  };
  const texts = cron.trim().split(/\s+/);
  if (texts.length !== RANGES.length) fail();
  const sets = RANGES.map(([low, high], index) => parseField(texts[index] ?? "", low, high) ?? fail());
  const has = (index: number, value: number) => sets[index]?.has(value) === true;
  const anyDay = texts[2]?.startsWith("*");
  const anyWeekday = texts[4]?.startsWith("*");
  return (moment) => {
    const day = has(2, moment.getUTCDate());
    const weekday = has(4, moment.getUTCDay()) || (moment.getUTCDay() === 0 && has(4, 7));
    return (
      has(0, moment.getUTCMinutes()) &&
      has(1, moment.getUTCHours()) &&
      has(3, moment.getUTCMonth() + 1) &&
      // crontab(5): where both days are restricted, either will do.
      (anyDay || anyWeekday ? day && weekday : day || weekday)
    );
  };
}

function parseField(text: string, low: number, high: number): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [, all, from, to, step] = /^(?:(\*)|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    if (!all && from === undefined) return undefined;
    const first = all ? low : Number(from);
    const last = all || (step && to === undefined) ? high : Number(to ?? from);
    const by = Number(step ?? 1);
    if (first < low || last > high || first > last || by < 1) return undefined;
    for (let value = first; value <= last; value += by) values.add(value);
  }
  return values;
}
