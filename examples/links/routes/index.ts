import { type Context, html } from "@godwit/core";
import { openLinks } from "../lib/links.ts";
import { page } from "../lib/page.ts";

export async function GET(_request: Request, context: Context<"/">) {
  const { links } = await openLinks(context).list();
  return html(page(links), { headers: { "cache-control": "no-store" } });
}
