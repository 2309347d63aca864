import { HttpError, json } from "@godwit/core";

/** A form with files in it: answers with what came, by its SHA-256. */
export async function POST(request: Request) {
  if (!request.headers.get("content-type")?.startsWith("multipart/form-data")) {
    throw new HttpError(415, { detail: "Send multipart/form-data." });
  }
  const form = await request.formData();
  const files = [];
  for (const [field, value] of form) {
    if (typeof value === "string") continue;
    const bytes = await value.arrayBuffer();
    files.push({ field, name: value.name, type: value.type, bytes: bytes.byteLength, sha256: await sha256(bytes) });
  }
  return json({ files }, { status: 201 });
}

/** Raw bytes, counted as they stream by: nothing is held in memory. */
export async function PUT(request: Request) {
  let bytes = 0;
  for await (const chunk of request.body ?? []) bytes += chunk.byteLength;
  return json({ bytes });
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
