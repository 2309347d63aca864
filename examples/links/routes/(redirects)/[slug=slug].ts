import { type Context, HttpError, redirect } from "@godwit/core";
import { openLinks } from "../../lib/links.ts";

/** Seconds that a redirect may be served from the cache; less where the link ends sooner. */
const LIFETIME = 3_600;

export async function GET(_request: Request, context: Context<"/[slug=slug]">) {
  const found = await openLinks(context).follow(context.params.slug);
  if (!found) throw new HttpError(404, { code: "LINK_UNKNOWN", detail: "There is no such link." });
  const { url, expires } = found;
  const left = expires === undefined ? LIFETIME : Math.min(LIFETIME, Math.floor((expires - Date.now()) / 1000));
  // Browsers ask each time, so that visits are counted; the cache before this answers them.
  return redirect(url, 302, { headers: { "cache-control": "no-store", "cdn-cache-control": `max-age=${left}` } });
}
