/**
 * One address a page. Routes match no path with a trailing slash, so this belongs into the root `_middleware.ts`,
 * which also runs for what nothing matches.
 * @module
 */
import type { Middleware } from "../types.ts";

export interface TrailingSlashOptions {
  /**
   * `"remove"`, the default, redirects `/about/` to `/about`. `"add"` redirects `/docs` to `/docs/` where nothing
   * answers `/docs` (a 404), for folders of static files; a last segment with a dot is a file and stays.
   */
  mode?: "remove" | "add";
}

/**
 * Redirects with 308, which keeps method and body; the query stays. The location is a path, never an origin, and a
 * path that begins with `//` is left alone: as a location it would lead to another host (an open redirect).
 *
 * @example export default trailingSlash(); // routes/_middleware.ts
 */
export function trailingSlash({ mode = "remove" }: TrailingSlashOptions = {}): Middleware {
  return async function trailingSlash(_request, context, next) {
    const { pathname, search } = context.url;
    // Not by a regular expression: /\/+$/ takes the square of a long run of slashes in the middle.
    let end = pathname.length;
    while (pathname.endsWith("/", end)) end--;
    const bare = pathname.slice(0, end);
    const isOpen = pathname.startsWith("//");
    if (mode === "remove") {
      if (isOpen || bare === "" || bare === pathname) return next();
      return moved(bare + search);
    }
    const response = await next();
    const isFile = pathname.slice(pathname.lastIndexOf("/")).includes(".");
    if (response.status !== 404 || isOpen || isFile || bare !== pathname) return response;
    response.body?.cancel().catch(() => {});
    return moved(`${pathname}/${search}`);
  };
}

function moved(location: string): Response {
  return new Response(null, { status: 308, headers: { location } });
}
