/**
 * Figures of a canary from a place of the user's own, for vendors that have none.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { Metrics, Release } from "../contracts.ts";
import { readText } from "./body.ts";
import { CallError } from "./retry.ts";

const PATIENCE = 15_000;
/** Bytes of an answer. */
const LARGEST = 100_000;

/**
 * Asks `url` with `{release}` and `{since}` (ISO 8601) replaced, or added as a query. It answers
 * `{ "requests": 120, "errors": 0, "p95": 31 }`, and 204 where there are no figures yet.
 */
export function createUrlMetrics(
  url: string,
  signal: AbortSignal,
): (r: Release, since: number) => Promise<Metrics | undefined> {
  return async (release, since) => {
    const at = new Date(since).toISOString();
    const asked = new URL(
      url.replaceAll("{release}", encodeURIComponent(release.id)).replaceAll("{since}", encodeURIComponent(at)),
    );
    if (!url.includes("{release}")) asked.searchParams.set("release", release.id);
    if (!url.includes("{since}")) asked.searchParams.set("since", at);
    const place = asked.origin + asked.pathname;
    let response: Response;
    try {
      response = await fetch(asked, { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]) });
    } catch (cause) {
      signal.throwIfAborted();
      throw new CallError("metrics", `${place} gave no answer`, { cause });
    }
    if (response.status === 204) return undefined;
    if (!response.ok)
      throw new CallError("metrics", `${place} answered ${response.status}`, { status: response.status });
    const found = toMetrics(
      await readText(response, LARGEST)
        .then(JSON.parse)
        .catch(() => undefined),
    );
    if (found) return found;
    throw new GodwitError(
      "DEPLOY_METRICS_INVALID",
      `${place} answered what are no figures. It must answer JSON such as { "requests": 120, "errors": 0, "p95": 31 }.`,
    );
  };
}

function toMetrics(value: unknown): Metrics | undefined {
  if (!value || typeof value !== "object") return undefined;
  const { requests, errors, p95 } = value as Record<string, unknown>; // each is checked next
  if (!isCount(requests) || !isCount(errors) || (p95 !== undefined && p95 !== null && !isCount(p95))) return undefined;
  return { requests, errors, ...(isCount(p95) && { p95 }) };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
