import { type Context, createKey, json } from "@godwit/core";

const counter = createKey<{ hits: number }>("counter");
const label = createKey<string>("label");

export const GET = (request: Request, context: Context) => {
  context.set(label, "set");
  const shared = context.shared(counter, () => ({ hits: 0 }));
  return json({
    label: context.get(label),
    shared: shared === context.shared(counter, () => ({ hits: 9 })),
    trigger: context.trigger,
    aborted: context.signal.aborted,
    same: context.url.href === request.url,
    id: typeof context.requestId,
  });
};
