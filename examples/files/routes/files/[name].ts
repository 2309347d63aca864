import { type Context, HttpError } from "@godwit/core";
import { serveFile } from "@godwit/core/http/file";
import { openFile } from "../../src/library.ts";

/** A download with ranges and validators: try `curl -r 0-9`. HEAD comes with it. */
export function GET(request: Request, context: Context<"/files/[name]">) {
  const file = openFile(context.params.name);
  if (!file) throw new HttpError(404, { detail: "There is no such file." });
  return serveFile(request, file);
}
