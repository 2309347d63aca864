/**
 * Looks at the beginning of a body and gives the body back whole.
 * @module
 */

export interface Beginning {
  /** What was read, in order. */
  chunks: Uint8Array<ArrayBuffer>[];
  bytes: number;
  /** The rest of the body; undefined when it ended within the bound. */
  rest?: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
}

/** Reads until the body ends or more than `bound` bytes are there. */
export async function readBeginning(body: ReadableStream<Uint8Array<ArrayBuffer>>, bound: number): Promise<Beginning> {
  const rest = body.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  while (bytes <= bound) {
    const { done, value } = await rest.read();
    if (done) return { chunks, bytes };
    chunks.push(value);
    bytes += value.byteLength;
  }
  return { chunks, bytes, rest };
}

/** The whole of a body that ended. */
export function joined({ chunks, bytes }: Beginning): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  if (first && chunks.length === 1) return first;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** The body as UTF-8; undefined where it is longer than it may be, and then it is given up. */
export async function readText({ body }: Response, most: number): Promise<string | undefined> {
  if (!body) return "";
  const read = await readBeginning(body, most);
  if (!read.rest) return new TextDecoder().decode(joined(read));
  await read.rest.cancel();
  return undefined;
}

/** The body again: what was read, then the rest, asked for chunk by chunk. */
export function resumed({ chunks, rest }: Beginning): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const known = chunks[at++];
        if (known) return controller.enqueue(known);
        const { done, value } = (await rest?.read()) ?? { done: true, value: undefined };
        if (value) controller.enqueue(value);
        if (done) controller.close();
      },
      cancel: (reason) => rest?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
