/**
 * A Worker as Cloudflare takes it: one form, metadata first and then a part for each module.
 * developers.cloudflare.com/workers/configuration/multipart-upload-metadata
 * @module
 */
import type { Made } from "../../contracts.ts";
import { wrap } from "./migration.ts";
import { toStageName } from "./names.ts";
import type { Stage, StageWorker } from "./stage.ts";

export type Binding = { name: string; type: string } & Record<string, unknown>;

/** What is known before anything is made: ids of what the config names no id for are absent. */
export function toBindings(worker: StageWorker, stage: Stage, made?: Made): Binding[] {
  const { wrangler } = worker;
  const idOf = (kind: string, name: string): string | undefined =>
    (made?.get(`${kind}/${name}`) as { id: string } | undefined)?.id; // as kinds kv and d1 make them
  const vars: Record<string, unknown> = { ...wrangler.vars, ...stage.input.vars };
  return [
    ...Object.entries(vars).map(([name, value]) =>
      typeof value === "string" ? { name, type: "plain_text", text: value } : { name, type: "json", json: value },
    ),
    ...(wrangler.kv_namespaces ?? []).map(({ binding, id }) => ({
      name: binding,
      type: "kv_namespace",
      namespace_id: id ?? idOf("kv", binding),
    })),
    ...(wrangler.r2_buckets ?? []).map(({ binding, bucket_name }) => ({
      name: binding,
      type: "r2_bucket",
      bucket_name: toStageName(bucket_name, stage.stage),
    })),
    ...(wrangler.d1_databases ?? []).map(({ binding, database_name, database_id }) => ({
      name: binding,
      type: "d1",
      id: database_id ?? idOf("d1", toStageName(database_name, stage.stage)),
    })),
    ...(wrangler.queues?.producers ?? []).map(({ binding, queue }) => ({
      name: binding,
      type: "queue",
      queue_name: toStageName(queue, stage.stage),
    })),
    ...(wrangler.durable_objects?.bindings ?? []).map(({ name, class_name }) => ({
      name,
      type: "durable_object_namespace",
      class_name,
      ...(!worker.front && { script_name: stage.script }),
    })),
    ...(wrangler.services ?? []).map(({ binding, service, entrypoint }) => ({
      name: binding,
      type: "service",
      service,
      ...(entrypoint && { entrypoint }),
    })),
    ...(wrangler.ratelimits ?? []).map(({ name, namespace_id, simple }) => ({
      name,
      type: "ratelimit",
      namespace_id,
      simple,
    })),
  ];
}

export interface UploadParts {
  bindings: readonly Binding[];
  annotations: Record<string, string>;
  /** Of the upload session, where there are files of `public/`. */
  assets?: string;
  tags?: readonly string[];
  /** Classes that the Worker has and this code has not: what their objects keep stays. */
  kept?: readonly string[];
}

export function toForm(worker: StageWorker, { bindings, annotations, assets, tags, kept = [] }: UploadParts): FormData {
  const { wrangler, modules } = worker;
  const wrapper = kept.length > 0 ? wrap(wrangler.main, kept) : undefined;
  const metadata = {
    main_module: wrapper?.name ?? wrangler.main,
    bindings,
    compatibility_date: wrangler.compatibility_date,
    compatibility_flags: wrangler.compatibility_flags ?? [],
    keep_bindings: ["secret_text", "secret_key"],
    observability: { enabled: true },
    annotations,
    ...(tags && { tags }),
    ...(assets && {
      assets: {
        jwt: assets,
        config: {
          html_handling: wrangler.assets?.html_handling ?? "none",
          not_found_handling: wrangler.assets?.not_found_handling ?? "none",
        },
      },
    }),
  };
  const form = new FormData();
  form.set("metadata", JSON.stringify(metadata));
  for (const { name, type, bytes } of modules) form.set(name, new File([bytes], name, { type }), name);
  if (wrapper) form.set(wrapper.name, new File([wrapper.source], wrapper.name, { type: MODULE }), wrapper.name);
  return form;
}

const MODULE = "application/javascript+module";

/** By it the empty Worker's answer is known. */
export const EMPTY_HEADER = "godwit-empty";

/** The Worker that holds a name until its first release. It answers, so that a verification's address is known. */
export function toEmptyForm(tags: readonly string[], annotations: Record<string, string>): FormData {
  const metadata = {
    main_module: "index.js",
    bindings: [],
    compatibility_date: "2026-01-01",
    keep_bindings: ["secret_text", "secret_key"],
    observability: { enabled: true },
    annotations,
    tags,
  };
  const source = `export default { fetch: () => new Response("Nothing is released here yet.\\n", { status: 503, headers: { "retry-after": "60", "${EMPTY_HEADER}": "1" } }) };\n`;
  const form = new FormData();
  form.set("metadata", JSON.stringify(metadata));
  form.set("index.js", new File([source], "index.js", { type: "application/javascript+module" }), "index.js");
  return form;
}
