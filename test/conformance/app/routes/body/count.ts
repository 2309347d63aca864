import { json } from "@godwit/core";

export const POST = async (request: Request) => {
  let bytes = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) return json({ bytes, body: request.body !== null });
    bytes += part.value.length;
  }
};
