/**
 * Keeps a copy of a body that passes through.
 * @module
 */

/**
 * The same body, read ahead of its reader for up to `most` bytes. `done` is called once: with all the bytes when the body
 * ended within the bound, with undefined when it was longer, failed or was cut. A reader that goes away does not stop
 * the copy; a body over the bound is paced by its reader alone, and ends with it.
 */
export function recordBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  most: number,
  done: (bytes: Uint8Array<ArrayBuffer> | undefined) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let chunks: Uint8Array<ArrayBuffer>[] | undefined = [];
  let size = 0;
  let isGone = false;
  let wake: (() => void) | undefined;

  const stop = () => {
    if (chunks) done(undefined);
    chunks = undefined;
  };
  const copy = async (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> => {
    for (;;) {
      const { done: ended, value } = await reader.read();
      if (ended) break;
      size += value.byteLength;
      if (size > most) stop();
      // A slice: whoever reads the chunk may take its bytes away.
      chunks?.push(value.slice());
      if (isGone && !chunks) return void reader.cancel().catch(() => {});
      if (isGone) continue;
      controller.enqueue(value);
      if (!chunks && (controller.desiredSize ?? 0) <= 0) await new Promise<void>((resolve) => (wake = resolve));
    }
    if (chunks) done(join(chunks, size));
    if (!isGone) controller.close();
  };
  return new ReadableStream(
    {
      start(controller) {
        copy(controller).catch((error) => {
          stop();
          if (!isGone) controller.error(error);
        });
      },
      pull() {
        wake?.();
      },
      cancel(reason) {
        isGone = true;
        wake?.();
        return chunks ? undefined : reader.cancel(reason);
      },
    },
    { highWaterMark: 1 },
  );
}

function join(chunks: readonly Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}
