/**
 * Cron of five fields as EventBridge writes it: six fields, days of the week from 1 (Sunday), and a question mark for
 * the one of the two day fields that does not count.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 * @module
 */
const FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** Two where both day fields are restricted: cron means either, and EventBridge takes one. */
export function toExpressions(cron: string): string[] {
  const [minute = "*", hour = "*", day = "*", month = "*", weekday = "*"] = cron.trim().split(/\s+/).map(toField);
  const write = (dayOfMonth: string, dayOfWeek: string) =>
    `cron(${minute} ${hour} ${dayOfMonth} ${month} ${dayOfWeek} *)`;
  if (weekday === "*") return [write(day, "?")];
  return day === "*" ? [write("?", weekday)] : [write(day, "?"), write("?", weekday)];
}

function toField(text: string, index: number): string {
  const [least, most] = FIELDS[index] ?? [0, 0];
  if (text === "*") return text;
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const [range = "", step = "1"] = part.split("/");
    const [from = "", to = from] = range === "*" ? [String(least), String(index === 4 ? 6 : most)] : range.split("-");
    const end = part.includes("/") && !range.includes("-") && range !== "*" ? most : Number(to);
    for (let value = Number(from); value <= end; value += Number(step)) values.add(value);
  }
  // Sunday is 0 and 7 here, and 1 there.
  const all = index === 4 ? [...values].map((value) => (value % 7) + 1) : [...values];
  return [...new Set(all)].sort((a, b) => a - b).join(",");
}
