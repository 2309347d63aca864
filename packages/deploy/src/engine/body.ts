/**
 * Bodies of answers, of bounded size: whoever answers must not fill the memory.
 * @module
 */

/** The text of an answer. Rejects when it has more than `most` bytes, or breaks off. */
export async function readText(response: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > most) throw new Error(`more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
