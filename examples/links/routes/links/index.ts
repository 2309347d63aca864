import { type Context, HttpError, json } from "@godwit/core";
import { type Link, NewLink, openLinks } from "../../lib/links.ts";

/** `?cursor=` goes on where the page before ended. */
export async function GET(_request: Request, context: Context<"/links">) {
  const { links, cursor } = await openLinks(context).list(context.url.searchParams.get("cursor") ?? undefined);
  return json({ links: links.map((link) => toJson(link, context.env.BASE_URL)), cursor });
}

export async function POST(request: Request, context: Context<"/links">) {
  const parsed = NewLink.safeParse(await readJson(request));
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    throw new HttpError(422, { title: "Unprocessable Content", code: "LINK_INVALID", extensions: { issues } });
  }
  const link = await openLinks(context).create(parsed.data);
  if (!link) throw new HttpError(409, { code: "SLUG_TAKEN", detail: `/${parsed.data.slug} leads elsewhere already.` });
  return json(toJson(link, context.env.BASE_URL), { status: 201, headers: { location: `/links/${link.slug}` } });
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (cause) {
    if (cause instanceof HttpError) throw cause;
    throw new HttpError(400, { code: "JSON_INVALID", detail: "The body is not JSON.", cause });
  }
}

function toJson(link: Link, base: string) {
  return { ...link, short: new URL(`/${link.slug}`, base).href };
}
