/**
 * Files of `public/`: only what Cloudflare does not have yet goes up.
 * developers.cloudflare.com/workers/static-assets/direct-upload
 * @module
 */
import { readBuilt, toAssets } from "./artefact.ts";
import type { Stage } from "./stage.ts";
import { SCRIPTS } from "./state.ts";

/** Buckets on their way at a time. */
const AT_ONCE = 3;

/** What the upload's metadata names the files by; undefined where there are none. */
export async function uploadAssets(stage: Stage): Promise<string | undefined> {
  const { artefact } = stage.input;
  const assets = artefact ? toAssets(artefact) : [];
  if (!artefact || assets.length === 0) return undefined;
  const { client, account, script } = stage;
  const session = await client.call<{ jwt?: string; buckets?: string[][] | null }>({
    name: "begin the upload of files",
    method: "POST",
    path: `/accounts/${account}/workers/scripts/${script}/assets-upload-session`,
    json: { manifest: Object.fromEntries(assets.map(({ path, hash, bytes }) => [path, { hash, size: bytes }])) },
    scope: SCRIPTS,
  });
  const byHash = new Map(assets.map((asset) => [asset.hash, asset]));
  const types = contentTypes();
  let complete = session.jwt;
  const buckets = [...(session.buckets ?? [])];
  const worker = async (): Promise<void> => {
    for (let bucket = buckets.shift(); bucket; bucket = buckets.shift()) {
      const files = await Promise.all(
        bucket
          .flatMap((hash) => byHash.get(hash) ?? [])
          .map(async (asset) => ({
            ...asset,
            text: Buffer.from(await readBuilt(artefact.root, { ...asset, path: asset.file })).toString("base64"),
          })),
      );
      const form = (): FormData => {
        const all = new FormData();
        for (const { hash, file, text } of files) all.set(hash, new File([text], hash, { type: types(file) }), hash);
        return all;
      };
      const answer = await client.call<{ jwt?: string } | null>({
        name: "upload files",
        method: "POST",
        path: `/accounts/${account}/workers/assets/upload`,
        query: { base64: "true" },
        form,
        scope: SCRIPTS,
        patience: 300_000,
        ...(session.jwt && { token: session.jwt }),
      });
      // The answer to the last one has the token that the version is told.
      if (answer?.jwt) complete = answer.jwt;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return complete;
}

/** Of names that clients ask for by their ending; Cloudflare sends what it is told here. */
function contentTypes(): (path: string) => string {
  const types: Record<string, string> = {
    html: "text/html; charset=utf-8",
    css: "text/css; charset=utf-8",
    js: "text/javascript; charset=utf-8",
    mjs: "text/javascript; charset=utf-8",
    json: "application/json; charset=utf-8",
    txt: "text/plain; charset=utf-8",
    md: "text/markdown; charset=utf-8",
    xml: "text/xml; charset=utf-8",
    svg: "image/svg+xml",
    png: "image/png",
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    gif: "image/gif",
    webp: "image/webp",
    avif: "image/avif",
    ico: "image/x-icon",
    woff: "font/woff",
    woff2: "font/woff2",
    pdf: "application/pdf",
    wasm: "application/wasm",
    mp4: "video/mp4",
    webm: "video/webm",
    mp3: "audio/mpeg",
    webmanifest: "application/manifest+json",
  };
  return (path) => types[path.slice(path.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}
