import { type Context, redirect } from "@godwit/core";

export const GET = (_request: Request, context: Context<"/redirect/[kind]">) => {
  if (context.params.kind === "absolute") return redirect("https://example.com/there?x=1", 301);
  if (context.params.kind === "see-other") return redirect("/", 303);
  return redirect("../echo?from=redirect");
};
