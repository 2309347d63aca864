/**
 * An uploaded form, as a version: what is inherited is looked up, what cannot be is refused, and it is started once.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { applyMigrations, type Classes, checkClasses, type Migrations } from "./objects.ts";
import {
  newId,
  type Parts,
  Refusal,
  type Request,
  type ScriptRecord,
  type StoredBinding,
  sha256,
  sourceOf,
  type VersionRecord,
} from "./records.ts";

interface Metadata {
  main_module?: string;
  bindings?: (StoredBinding & { version_id?: string })[];
  compatibility_date?: string;
  compatibility_flags?: string[];
  keep_bindings?: string[];
  keep_assets?: boolean;
  migrations?: Migrations;
  annotations?: Record<string, string>;
  tags?: string[];
  observability?: unknown;
  assets?: { jwt?: string; config?: Record<string, unknown> };
}

export interface Uploaded {
  version: VersionRecord;
  metadata: Metadata;
  /** Of the Worker, after it. */
  classes: Classes;
}

/** developers.cloudflare.com/workers/configuration/multipart-upload-metadata */
export async function readUpload(parts: Parts, request: Request, script: ScriptRecord | undefined): Promise<Uploaded> {
  const form = await readForm(request);
  const metadata = await readMetadata(form);
  const { main_module } = metadata;
  if (!main_module || !form.has(main_module)) throw new Refusal(400, 10021, `No such module "${main_module}".`);
  const { state } = parts;
  const modules: VersionRecord["modules"] = [];
  const sources: string[] = [];
  for (const [name, part] of form) {
    if (typeof part === "string" || name === "metadata" || part.type === "application/source-map") continue;
    const bytes = new Uint8Array(await part.arrayBuffer());
    const blob = sha256(bytes);
    await state.putBlob(blob, bytes);
    if (part.type.includes("javascript")) sources.push(new TextDecoder().decode(bytes));
    modules.push({ name: name.replace(/^\.\//, ""), type: part.type, blob });
  }
  const before = script?.versions[0];
  const files = metadata.assets?.jwt === undefined ? undefined : state.data.sessions[metadata.assets.jwt];
  if (metadata.assets?.jwt !== undefined && !files)
    throw new Refusal(400, 10021, "The token of the assets is unknown.");
  const version: VersionRecord = {
    id: newId(),
    number: (before?.number ?? 0) + 1,
    created_on: parts.now().toISOString(),
    source: sourceOf(request),
    annotations: Object.fromEntries(
      Object.entries(metadata.annotations ?? {}).filter(([, value]) => typeof value === "string"),
    ),
    bindings: inherit(metadata, script),
    main_module: main_module.replace(/^\.\//, ""),
    compatibility_date: metadata.compatibility_date ?? "2021-11-02",
    compatibility_flags: metadata.compatibility_flags ?? [],
    modules,
    ...(metadata.keep_assets && before?.assets && { assets: before.assets }),
    ...(files && { assets: { files, config: metadata.assets?.config ?? {} } }),
    startup: 0,
  };
  checkBindings(parts, version.bindings);
  const classes = metadata.migrations ? applyMigrations(metadata.migrations, script) : { ...script?.classes };
  checkClasses(parts, version.bindings, classes, sources);
  const name = request.args[1] ?? "";
  version.startup = await parts.runs.start(name, version, classes).catch((error: unknown) => {
    throw new Refusal(
      400,
      10021,
      error instanceof GodwitError || error instanceof Error ? error.message : String(error),
    );
  });
  return { version, metadata, classes };
}

/** undici reads the form. */
function readForm({ headers, body }: Request): Promise<FormData> {
  const type = headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) throw new Refusal(400, 10021, "The body is no multipart/form-data.");
  return new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData().catch(() => {
    throw new Refusal(400, 10021, "The form cannot be read.");
  });
}

async function readMetadata(form: FormData): Promise<Metadata> {
  const part = form.get("metadata");
  const text = typeof part === "string" ? part : await part?.text();
  try {
    return JSON.parse(text ?? "") as Metadata; // each member is looked at where it is used
  } catch {
    throw new Refusal(400, 10021, "The part metadata is no JSON.");
  }
}

function inherit({ bindings = [], keep_bindings = [] }: Metadata, script: ScriptRecord | undefined): StoredBinding[] {
  const before = script?.versions[0];
  const own = bindings.map((binding) => {
    if (binding.type !== "inherit") return binding;
    const { version_id = "latest" } = binding;
    const from = version_id === "latest" ? before : script?.versions.find(({ id }) => id === version_id);
    const found = from?.bindings.find(({ name }) => name === binding.name);
    if (found) return found;
    throw new Refusal(400, 10057, `The binding ${binding.name} is not there to be inherited.`);
  });
  const kept = (before?.bindings ?? []).filter(
    ({ name, type }) => keep_bindings.includes(type) && !own.some((binding) => binding.name === name),
  );
  return [...own, ...kept];
}

/** What a binding names must be there. */
function checkBindings({ state }: Parts, bindings: readonly StoredBinding[]): void {
  const { namespaces, buckets, databases, queues, scripts } = state.data;
  for (const binding of bindings) {
    const { name, type } = binding;
    const missing =
      (type === "kv_namespace" && !namespaces.some(({ id }) => id === binding.namespace_id) && `KV namespace`) ||
      (type === "r2_bucket" && !buckets.some((one) => one.name === binding.bucket_name) && "R2 bucket") ||
      (type === "d1" && !databases.some(({ uuid }) => uuid === binding.id) && "D1 database") ||
      (type === "queue" && !queues.some((one) => one.queue_name === binding.queue_name) && "queue") ||
      (type === "service" && !scripts[String(binding.service)] && `Worker "${String(binding.service)}"`);
    if (missing) throw new Refusal(400, 10041, `The binding ${name} names a ${missing} that is not there.`);
  }
}
