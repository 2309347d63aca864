/**
 * An upload that changes which classes of Durable Objects a Worker has. Cloudflare takes such a change with an upload
 * alone that is live at once (a version with it is refused, 10211), so the code that is live is uploaded once more: what
 * the world gets stays as it is, and the release comes after as a version like any other.
 *
 * While a release is proved, and in a canary, objects run the version that has the traffic: each is given to a version
 * by the percentages. So what is uploaded has a new class as the release has it, and a request of the proof finds it.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { nothingDeployed } from "../../engine/errors.ts";
import { type ObjectClass, wantedClasses } from "./classes.ts";
import { TOO_LARGE, UPLOAD_INVALID } from "./failures.ts";
import { frontWorker, type Stage, type StageWorker } from "./stage.ts";
import {
  isEmpty,
  listDeployments,
  listScripts,
  listVersions,
  liveOf,
  MIGRATED,
  readVersion,
  SCRIPTS,
} from "./state.ts";

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
  limits?: object | null;
  placement?: object | null;
}

/** The module that exports classes which the code of a Worker does not have. */
const WRAPPER = "godwit-classes.js";
/** Where the modules of the release lie, which has them. */
const NEXT = "godwit-classes/";

/** Classes that another main module has. */
export interface Lent {
  main: string;
  classes: readonly string[];
}

/**
 * Its source: the Worker's own main module, classes that keep what their objects hold and answer nobody, and those that
 * the release lends.
 */
export function wrap(main: string, kept: readonly string[], lent?: Lent): { name: string; source: string } {
  const from = JSON.stringify(`./${main}`);
  const lines = [
    `export * from ${from};`,
    `export { default } from ${from};`,
    ...(kept.length > 0 ? ['import { DurableObject as Kept } from "cloudflare:workers";'] : []),
    ...kept.map((name) => `export class ${name} extends Kept {}`),
    ...(lent ? [`export { ${lent.classes.join(", ")} } from ${JSON.stringify(`./${NEXT}${lent.main}`)};`] : []),
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
  const { main, classes: wrapped } = unwrap(contents);
  const classes = [...new Set([...wrapped, ...add.map(([name]) => name)])].filter((name) => name !== remove);
  const front = frontWorker(stage);
  const wanted = wantedClasses(stage);
  const lent = front ? classes.filter((name) => wanted.has(name)) : [];
  const runtime = front && isEmpty(version) ? front.wrangler : version.resources.script_runtime;
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
    // Of the live version: the newest may have a secret that nobody is to get yet.
    bindings: (version.resources.bindings ?? []).map(({ name }) => ({ name, type: "inherit", version_id: live })),
    compatibility_date: runtime?.compatibility_date,
    compatibility_flags: runtime?.compatibility_flags ?? [],
    ...(contents.limits && { limits: contents.limits }),
    ...(contents.placement && { placement: contents.placement }),
    observability: { enabled: true },
    annotations: {
      ...version.annotations,
      "workers/message": MIGRATED.test(message) ? message : `${message}, classes changed`,
    },
    ...(own?.tags && { tags: own.tags }),
    ...(contents.assets && { keep_assets: true }),
    migrations: { ...(oldTag && { old_tag: oldTag }), new_tag: add.at(-1)?.[0] ?? `without-${remove}`, steps },
  };
  const upload = (lender: StageWorker | undefined): Promise<unknown> => {
    const names = lender ? lent : [];
    const kept = classes.filter((name) => !names.includes(name));
    const wrapper =
      classes.length > 0 ? wrap(main, kept, lender && { main: lender.wrangler.main, classes: names }) : undefined;
    return client.call<unknown>({
      name: "change the Durable Objects",
      method: "PUT",
      path: `/accounts/${account}/workers/scripts/${script}`,
      query: { excludeScript: "true", bindings_inherit: "strict" },
      form: () => toForm({ ...metadata, main_module: wrapper?.name ?? main }, contents, wrapper, lender),
      scope: SCRIPTS,
      patience: 120_000,
      ...(lender && { absent: [UPLOAD_INVALID, TOO_LARGE] }),
      done: async () => (await isDone()) || undefined,
    });
  };
  const lender = lent.length > 0 ? front : undefined;
  if ((await upload(lender)) === undefined && lender) {
    input.warn(
      `Cloudflare does not take the code of ${lent.join(", ")} beside what is live, so that their objects answer nobody before the switch: if the verification needs them, it fails, and --no-verify goes on without it.`,
    );
    await upload(undefined);
  }
  const after = await listDeployments(stage);
  seen.deployment = after[0]?.id;
  const now = liveOf(after);
  if (now !== undefined) seen.again.set(live, now);
}

function toForm(
  metadata: object,
  { modules }: Contents,
  wrapper: { name: string; source: string } | undefined,
  lender: StageWorker | undefined,
): FormData {
  const form = new FormData();
  form.set("metadata", JSON.stringify(metadata));
  for (const { name, content_type: type, content_base64 } of modules) {
    if (name === WRAPPER || name.startsWith(NEXT)) continue;
    form.set(name, new File([Buffer.from(content_base64, "base64")], name, { type }), name);
  }
  for (const { name, type, bytes } of lender?.modules ?? []) {
    form.set(NEXT + name, new File([bytes], NEXT + name, { type }), NEXT + name);
  }
  if (wrapper) {
    const { name, source } = wrapper;
    form.set(name, new File([source], name, { type: "application/javascript+module" }), name);
  }
  return form;
}

/** What `wrap` made, taken apart. */
function unwrap({ main_module, modules }: Contents): { main: string; classes: string[] } {
  if (main_module !== WRAPPER) return { main: main_module, classes: [] };
  const wrapper = modules.find(({ name }) => name === WRAPPER);
  const source = Buffer.from(wrapper?.content_base64 ?? "", "base64").toString("utf8");
  const lent = /^export \{ ((?!default\b).*) \} from /m.exec(source)?.[1]?.split(", ") ?? [];
  return {
    main: /^export \* from "\.\/(.*)";/.exec(source)?.[1] ?? main_module,
    classes: [...[...source.matchAll(/^export class ([\w$]+) /gm)].map(([, name = ""]) => name), ...lent],
  };
}

export function deploymentMoved(script: string): Error {
  return new GodwitError(
    "CLOUDFLARE_DEPLOYMENT_MOVED",
    `Somebody else changed what ${script} serves while it was deployed, and that was left as it is. See wrangler deployments list, then deploy again.`,
  );
}
