/**
 * Files of `public/`: a session says which are not here yet, and they are uploaded by their hashes.
 * developers.cloudflare.com/workers/static-assets/direct-upload
 * @module
 */
import { hexId, type Parts, Refusal, type Request, readJson, sha256 } from "./records.ts";

/** Files of one upload. */
const BUCKET = 50;

export async function beginUpload(parts: Parts, request: Request): Promise<unknown> {
  const { manifest = {} } = readJson<{ manifest: Record<string, { hash: string; size: number }> }>(request);
  const { data } = parts.state;
  const entries = Object.entries(manifest);
  if (entries.some(([path, { hash }]) => !path.startsWith("/") || !/^[0-9a-f]{32}$/.test(hash))) {
    throw new Refusal(400, 10021, "A path begins with a slash, and a hash has 32 hexadecimal digits.");
  }
  const jwt = hexId();
  data.sessions[jwt] = Object.fromEntries(entries.map(([path, { hash }]) => [path, hash]));
  await parts.state.save();
  const missing = [...new Set(entries.map(([, { hash }]) => hash))].filter((hash) => !data.files[hash]);
  const buckets = Array.from({ length: Math.ceil(missing.length / BUCKET) }, (_, index) =>
    missing.slice(index * BUCKET, (index + 1) * BUCKET),
  );
  return { jwt, buckets };
}

/** Authorised by the session's token, which is also what the version is told. */
export async function uploadFiles({ state }: Parts, { headers, body }: Request): Promise<unknown> {
  const jwt = headers.authorization?.replace(/^Bearer /, "") ?? "";
  const session = state.data.sessions[jwt];
  if (!session) throw new Refusal(401, 10000, "Authentication error");
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": headers["content-type"] ?? "" },
  }).formData();
  for (const [hash, part] of form) {
    if (typeof part === "string") throw new Refusal(400, 10021, `The part ${hash} is no file.`);
    const bytes = new Uint8Array(Buffer.from(await part.text(), "base64"));
    const blob = sha256(bytes);
    await state.putBlob(blob, bytes);
    state.data.files[hash] = { type: part.type, blob };
  }
  await state.save();
  const whole = Object.values(session).every((hash) => state.data.files[hash]);
  return whole ? { jwt } : {};
}
