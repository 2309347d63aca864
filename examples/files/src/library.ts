/** Files made on the spot, so that the example needs no disk: `lines-1000` has a thousand numbered lines. */
export function openFile(name: string) {
  const [, digits] = /^lines-(\d{1,5})$/.exec(name) ?? [];
  if (!digits) return undefined;
  const text = Array.from({ length: Number(digits) }, (_, index) => `line ${index + 1}\n`).join("");
  const bytes = new TextEncoder().encode(text);
  return {
    size: bytes.length,
    type: "text/plain; charset=utf-8",
    etag: `"lines-${digits}"`,
    open: (range?: { start: number; end: number }) => (range ? bytes.slice(range.start, range.end + 1) : bytes),
  };
}
