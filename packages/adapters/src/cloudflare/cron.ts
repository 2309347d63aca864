/**
 * Cron expressions in Cloudflare's dialect.
 * @module
 */
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/**
 * Five fields of cron as Cloudflare reads them. Cron counts days of the week from 0 (Sunday), Cloudflare from 1, so
 * that numbers are written as names. developers.cloudflare.com/workers/configuration/cron-triggers
 *
 * @example toCron("0 9 * * 1-5") // "0 9 * * MON,TUE,WED,THU,FRI"
 */
export function toCron(schedule: string): string {
  const fields = schedule.trim().split(/\s+/);
  const days = fields[4];
  if (fields.length === 5 && days && /\d/.test(days) && /^[\d*,/-]+$/.test(days)) fields[4] = nameDays(days);
  return fields.join(" ");
}

function nameDays(field: string): string {
  const chosen = new Set<number>();
  for (const part of field.split(",")) {
    const [range = "*", step = "1"] = part.split("/");
    const [from, to] = range === "*" ? [0, 6] : range.split("-").map(Number);
    const last = to ?? (part.includes("/") ? 6 : from);
    for (let day = from ?? 0; day <= (last ?? 6); day += Math.max(1, Number(step))) chosen.add(day % 7);
  }
  return [...chosen]
    .sort((a, b) => a - b)
    .map((day) => DAYS[day])
    .join(",");
}
