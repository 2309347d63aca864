import { type Context, HttpError, redirect } from "@godwit/core";
import { openLinks } from "../lib/links.ts";

export async function GET(request: Request, context: Context<"/[slug=slug]">) {
  const { slug } = context.params;
  const links = openLinks(context);
  const url = await links.follow(slug);
  if (!url) throw new HttpError(404, { code: "LINK_UNKNOWN", detail: "There is no such link." });
  if (request.method === "GET") {
    // A visit that is not counted is no reason to turn the visitor away.
    await links.count(slug).catch((error: unknown) => context.log.warn("not counted", { slug, error }));
  }
  return redirect(url, 302, { headers: { "cache-control": "no-store" } });
}
