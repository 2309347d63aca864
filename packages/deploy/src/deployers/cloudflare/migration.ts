/**
 * An upload that changes which classes of Durable Objects a Worker has. Cloudflare takes such a change with an upload
 * alone that is live at once (a version with it is refused, 10211), so the code that is live is uploaded once more: what
 * the world gets stays as it is, and the release comes after as a version like any other.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { nothingDeployed } from "../../engine/errors.ts";
import type { ObjectClass } from "./objects.ts";
import type { Stage } from "./stage.ts";
import { listDeployments, listScripts, listVersions, liveOf, MIGRATED, readVersion, SCRIPTS } from "./state.ts";

export interface Migration {
  add?: readonly (readonly [name: string, made: ObjectClass])[];
  remove?: string;
  /** Whether an answer that was lost was a yes. */
  isDone(): Promise<boolean>;
}

/** developers.cloudflare.com/api/resources/workers/subresources/beta/subresources/workers/subresources/versions */
interface Contents {
  main_module: string;
  modules: { name: string; content_type: string; content_base64: string }[];
  assets?: object | null;
}

/** The module that exports classes which the code of a Worker does not have. */
const WRAPPER = "godwit-classes.js";

/** Its source: the Worker's own main module, and classes that keep what their objects hold and answer nobody. */
export function wrap(main: string, classes: readonly string[]): { name: string; source: string } {
  const from = JSON.stringify(`./${main}`);
  const lines = [
    `export * from ${from};`,
    `export { default } from ${from};`,
    'import { DurableObject as Kept } from "cloudflare:workers";',
    ...classes.map((name) => `export class ${name} extends Kept {}`),
  ];
  return { name: WRAPPER, source: `${lines.join("\n")}\n` };
}

export async function migrate(stage: Stage, { add = [], remove, isDone }: Migration): Promise<void> {
  const { client, account, script, seen, input } = stage;
  const [deployments, scripts, versions] = await Promise.all([
    listDeployments(stage),
    listScripts(stage),
    listVersions(stage),
  ]);
  const live = liveOf(deployments);
  if (live === undefined) throw nothingDeployed(stage.app, stage.stage, "Cloudflare");
  if (seen.deployment !== undefined && seen.deployment !== deployments[0]?.id) throw deploymentMoved(script);
  const [version, contents] = await Promise.all([
    readVersion(stage, live),
    client.get<Contents>({
      name: "read the code of a version",
      path: `/accounts/${account}/workers/workers/${script}/versions/${live}`,
      query: { include: "modules" },
      scope: SCRIPTS,
    }),
  ]);
  if (contents.assets && versions[0]?.id !== live) {
    // The API keeps those of the newest version, whichever is live.
    input.warn(
      `Until the switch, files of public/ are those of the newest version of ${script}, which is not the live one.`,
    );
  }
  const { main, stubs } = unwrap(contents);
  const classes = [...stubs, ...add.map(([name]) => name)].filter((name) => name !== remove);
  const wrapper = classes.length > 0 ? wrap(main, classes) : undefined;
  const own = scripts.find(({ id }) => id === script);
  const oldTag = own?.migration_tag;
  const message = version.annotations?.["workers/message"] ?? "";
  const named = (storage: ObjectClass["storage"]): string[] =>
    add.flatMap(([name, made]) => (made.storage === storage ? [name] : []));
  const steps = [
    { new_sqlite_classes: named("sqlite") },
    { new_classes: named("kv") },
    { deleted_classes: remove === undefined ? [] : [remove] },
  ].filter((step) => Object.values(step).some((names) => names.length > 0));
  const metadata = {
    main_module: wrapper?.name ?? main,
    // Of the live version: the newest may have a secret that nobody is to get yet.
    bindings: (version.resources.bindings ?? []).map(({ name }) => ({ name, type: "inherit", version_id: live })),
    compatibility_date: version.resources.script_runtime?.compatibility_date,
    compatibility_flags: version.resources.script_runtime?.compatibility_flags ?? [],
    observability: { enabled: true },
    annotations: {
      ...version.annotations,
      "workers/message": MIGRATED.test(message) ? message : `${message}, classes changed`,
    },
    ...(own?.tags && { tags: own.tags }),
    ...(contents.assets && { keep_assets: true }),
    migrations: { ...(oldTag && { old_tag: oldTag }), new_tag: add.at(-1)?.[0] ?? `without-${remove}`, steps },
  };
  await client.call<unknown>({
    name: "change the Durable Objects",
    method: "PUT",
    path: `/accounts/${account}/workers/scripts/${script}`,
    query: { excludeScript: "true", bindings_inherit: "strict" },
    form: () => toForm(metadata, contents, wrapper),
    scope: SCRIPTS,
    patience: 120_000,
    done: async () => (await isDone()) || undefined,
  });
  const after = await listDeployments(stage);
  seen.deployment = after[0]?.id;
  const now = liveOf(after);
  if (now !== undefined) seen.again.set(live, now);
}

function toForm(
  metadata: object,
  { modules }: Contents,
  wrapper: { name: string; source: string } | undefined,
): FormData {
  const form = new FormData();
  form.set("metadata", JSON.stringify(metadata));
  for (const { name, content_type: type, content_base64 } of modules) {
    if (name === WRAPPER) continue;
    form.set(name, new File([Buffer.from(content_base64, "base64")], name, { type }), name);
  }
  if (wrapper) {
    const { name, source } = wrapper;
    form.set(name, new File([source], name, { type: "application/javascript+module" }), name);
  }
  return form;
}

/** What `wrap` made, taken apart. */
function unwrap({ main_module, modules }: Contents): { main: string; stubs: string[] } {
  if (main_module !== WRAPPER) return { main: main_module, stubs: [] };
  const wrapper = modules.find(({ name }) => name === WRAPPER);
  const source = Buffer.from(wrapper?.content_base64 ?? "", "base64").toString("utf8");
  return {
    main: /^export \* from "\.\/(.*)";/.exec(source)?.[1] ?? main_module,
    stubs: [...source.matchAll(/^export class ([\w$]+) /gm)].map(([, name = ""]) => name),
  };
}

export function deploymentMoved(script: string): Error {
  return new GodwitError(
    "CLOUDFLARE_DEPLOYMENT_MOVED",
    `Somebody else changed what ${script} serves while it was deployed, and that was left as it is. See wrangler deployments list, then deploy again.`,
  );
}
