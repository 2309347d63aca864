import { type Context, HttpError, json, noContent } from "@godwit/core";
import { openLinks } from "../../lib/links.ts";

export async function GET(_request: Request, context: Context<"/links/[slug=slug]">) {
  const link = await openLinks(context).get(context.params.slug);
  if (!link) throw new HttpError(404, { code: "LINK_UNKNOWN", detail: "There is no such link." });
  return json({ ...link, short: new URL(`/${link.slug}`, context.env.BASE_URL).href });
}

export async function DELETE(_request: Request, context: Context<"/links/[slug=slug]">) {
  await openLinks(context).remove(context.params.slug);
  return noContent();
}
