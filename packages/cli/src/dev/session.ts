/**
 * One run of `godwit dev`: graph, runtime, watcher and front, started side by side and kept in step.
 * @module
 */

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { relative, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { platforms } from "@godwit/adapters/registry";
import { chooseStores, type Kept, openDevFolder, openKept, writeDevArtefact } from "@godwit/bundler";
import type { Artefact, Emulator } from "@godwit/bundler/contracts";
import { emulateTarget } from "../project/build-target.ts";
import { loadProject, type Project, type TargetName } from "../project/config.ts";
import { layUnder } from "../project/env-files.ts";
import { createLocalStores } from "../project/local-stores.ts";
import { createNaming } from "./access.ts";
import { ownCertificate, readCertificate } from "./certificate.ts";
import { createEnvSource, isEnvModule } from "./env.ts";
import { createFailures, toFailure } from "./failures.ts";
import { frameOf, frameOfMissing } from "./frame.ts";
import { createFront } from "./front.ts";
import { type Graphs, openGraphs } from "./graphs.ts";
import { addressesOf, listenNext } from "./listen.ts";
import { openModules } from "./modules-server.ts";
import { createOverlay } from "./overlay.ts";
import { createPlacing } from "./placing.ts";
import type { Reporter } from "./report.ts";
import { createRuntime } from "./runtime.ts";
import { foldStacks } from "./stack.ts";
import { type Changes, watch } from "./watch.ts";

/** How long after the start the files that nobody has asked for are read. */
const QUIET = 500;

export interface SessionOptions {
  project: Project;
  target: TargetName;
  stage: string;
  front?: string | undefined;
  host: string;
  port: number;
  strictPort: boolean;
  /** Its own certificate, or files of PEM. */
  https?: true | { key: string; cert: string } | undefined;
  inspect?: number | undefined;
  reporter: Reporter;
}

export interface Session {
  /** For this machine's browser. */
  url: string;
  network: string[];
  /** Starts the runtime anew, and says why. */
  restart(why: string): Promise<void>;
  /** Resolves when the first emulator runs; rejects where it does not. */
  started: Promise<unknown>;
  close(): Promise<void>;
}

export async function openSession(options: SessionOptions): Promise<Session> {
  const { target: name, stage, host, reporter } = options;
  const { root } = options.project;
  // What may fail comes before anything runs: a server that is left open would keep the process.
  const secure =
    options.https === true
      ? await ownCertificate(root, host)
      : options.https && (await readCertificate(options.https.key, options.https.cert));
  const own = openDevFolder(root);
  const failures = createFailures();
  failures.listen((_current, added, gone) => {
    for (const failure of added) reporter.failure(failure);
    if (gone.length > 0) reporter.mended(gone);
  });
  const env = createEnvSource(root, stage);
  let project = options.project;
  const isInspected = options.inspect !== undefined;
  const { target } = await platforms[name].target();
  const placing = createPlacing(target);
  const open = async (): Promise<{ targetConfig: unknown; graphs: Graphs }> => {
    const { build } = project;
    const targetConfig = await project.slice(name);
    const given = { root, target, targetConfig, external: build.external ?? [], stores: chooseStores(build, name) };
    return { targetConfig, graphs: openGraphs({ ...given, inspect: isInspected, placing, onGap: reporter.warn }) };
  };
  let { targetConfig, graphs } = await open();

  const modules = await openModules({
    graphs: () => graphs,
    env: async () => layUnder(standIns, await env.read()),
    onUnbuilt: (failure) => failures.add("build", failure),
    onFailed(failure) {
      const found = failure.file === undefined ? frameOf(root, failure.stack ?? "") : undefined;
      const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(found?.place ?? "") ?? [];
      const place = found &&
        file !== undefined && { file, line: Number(line), column: Number(column), frame: found.frame };
      const stack = failure.stack && { stack: foldStacks(failure.stack) };
      failures.add("load", { ...failure, ...stack, ...place });
    },
  });

  let kept: Kept | undefined;
  /** Where bindings keep what they hold; undefined where they hold nothing, or another server has it. */
  const openState = async (): Promise<string | undefined> => {
    const { keepsState }: { keepsState?: boolean } = await platforms[name].emulate();
    if (!keepsState || kept) return kept?.folder;
    kept = openKept(root, name);
    if (!kept)
      reporter.say(`Another godwit dev has what the bindings of ${name} hold: here they begin empty, in memory.`);
    return kept?.folder;
  };
  const stores = createLocalStores({ root, keep: "redis", say: reporter.say });
  /** Variables of stores that have no value but here. */
  let standIns: Record<string, string> = {};
  const openStores = async (): Promise<void> => {
    try {
      standIns = await stores.values(project, name, stage);
    } catch (error) {
      // What does without the store is served.
      reporter.warn(toFailure(error));
    }
  };
  const artefact = async (): Promise<Artefact> => {
    const written = await writeDevArtefact({
      root,
      app: project.name,
      target,
      targetConfig,
      config: project.build,
      adaptersFrom: import.meta.url,
      url: modules.url,
      out: own,
      secure: options.https !== undefined,
    });
    placing.take(written);
    return written;
  };
  const { front: fronted, inspect } = options;
  const clientHeader = `x-client-${randomBytes(12).toString("hex")}`;
  const runtime = createRuntime({
    start: async () => {
      const [written, state] = await Promise.all([artefact(), openState(), openStores()]);
      return emulateTarget(project, name, written, {
        stage,
        env: standIns,
        ...(state !== undefined && { state }),
        dev: true,
        secure: options.https !== undefined,
        clientHeader,
        ...(fronted !== undefined && { front: fronted }),
        ...(inspect !== undefined && { inspect }),
      });
    },
    renew: graphs.isEvaluated
      ? async (emulator) => {
          const [{ manifest }] = await Promise.all([artefact(), openStores()]);
          await emulator.reload(manifest.functions.map(({ id }) => id));
        }
      : undefined,
    alone: isInspected,
    onStart: (emulator) => void printLogs(emulator),
  });
  /** A logger's line of JSON has its stack escaped. */
  const blame = (text: string): ReturnType<typeof frameOfMissing> => {
    const missing = frameOfMissing(root, text, graphs.fileOf);
    return missing === undefined ? frameOf(root, text.replaceAll("\\n", "\n")) : missing;
  };
  const printLogs = async ({ logs, url }: Emulator): Promise<void> => {
    for await (const line of logs) {
      // The runtime's own word about where it listens would send people past the front.
      if (line.text.includes(url.host)) continue;
      const text = graphs.mapStack(line.text);
      reporter.log({ ...line, text }, line.level === "error" ? blame(text) : undefined);
    }
  };

  let naming: ReturnType<typeof createNaming> | undefined;
  const overlay = createOverlay(failures, [host]);
  const front = createFront({
    ...(secure && { secure }),
    clientHeader,
    lease: () => runtime.lease(),
    own: (incoming, answer) => overlay.serve(incoming, answer),
    onAnswer({ method = "GET", url: path = "/" }, status, ms) {
      naming ??= createNaming(graphs.patterns());
      const id = naming(path);
      reporter.answer({ method, path, status, ms, ...(id !== undefined && { function: id }) });
    },
  });

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      failures.set("config", []);
    } catch (error) {
      failures.set("config", [toFailure(error)]);
    }
  };
  const reopen = async (): Promise<void> => {
    project = await loadProject(root);
    const old = graphs;
    ({ targetConfig, graphs } = await open());
    naming = undefined;
    failures.set("load", []);
    void update([]).then(() => old.close());
  };
  const restart = (why: string, isWhole: boolean): Promise<void> =>
    attempt(async () => {
      if (isWhole) await reopen();
      env.forget();
      await runtime.restart();
      reporter.say(`restarted: ${why}`);
    });
  const update = async (files: readonly string[]): Promise<void> => {
    const change = await graphs.change(files);
    naming = undefined;
    if (change.updated.length + change.added.length + change.removed.length > 0) {
      failures.set("load", []);
      reporter.change(change);
    }
    failures.set("build", change.failures);
    if (!placing.concerns(change) || willMove) return;
    willMove = true;
    inRow(move);
  };
  let willMove = false;
  /** Where a route runs elsewhere now, fronts and functions are made anew. */
  const move = async (): Promise<void> => {
    await started;
    willMove = false;
    const why = await placing.why(project, target, targetConfig);
    if (why === undefined) return;
    await restart(why, false);
    failures.set("load", []);
    await update([]);
  };

  let row: Promise<unknown> = Promise.resolve();
  const inRow = (work: () => Promise<unknown>): void => {
    row = row.then(work).catch((error) => failures.set("config", [toFailure(error)]));
  };
  const onChange = ({ files, env: isEnv, restart: causes }: Changes): void => {
    if (isEnv || files.some((path) => isEnvModule(root, path))) {
      env.forget();
      graphs.renew();
      if (isEnv) reporter.say("updated .env");
    }
    if (files.length > 0) void update(files).catch((error) => failures.set("build", [toFailure(error)]));
    const entries = target.restarts?.(targetConfig) ?? [];
    const changed = files
      .map((file) => relative(root, file).split(sep).join("/"))
      .find((file) => entries.some((entry) => file === entry || file.startsWith(`${entry}/`)));
    if (changed !== undefined && causes.length === 0) inRow(() => restart(`${changed} has changed`, false));
    const [cause] = causes;
    if (cause !== undefined)
      inRow(() =>
        restart(
          `${cause} has changed`,
          causes.some((path) => !path.startsWith("public")),
        ),
      );
  };

  const watching = watch(root, onChange);
  const started = runtime.lease().then((lease) => lease.release());
  started.catch((error) => failures.set("config", [toFailure(error)]));
  let listening: Awaited<ReturnType<typeof listenNext>>;
  let closed = false;
  const close = async (): Promise<void> => {
    closed = true;
    overlay.close();
    front.close();
    front.closeAllConnections();
    await Promise.allSettled([runtime.close(), graphs.close(), watching.then((watcher) => watcher.close())]);
    await stores.close();
    modules.close();
    kept?.release();
    rmSync(own, { recursive: true, force: true });
  };
  try {
    listening = await listenNext(front, options.port, host, options.strictPort);
    await watching;
  } catch (error) {
    await close();
    throw error;
  }
  for (const port of listening.taken) reporter.say(`Port ${port} is in use, trying another one...`);
  // What cannot be built is told before anybody asks for it, and after the first who waits for an answer.
  const tell = async (): Promise<void> => {
    await started;
    await update([]);
    await sleep(QUIET, undefined, { ref: false });
    const broken = await graphs.broken();
    if (broken.length > 0 && !closed) await update(broken);
  };
  tell().catch(() => {});
  const { local, network } = addressesOf(host, listening.port, secure ? "https" : "http");
  return { url: local, network, started, restart: (why) => restart(why, true), close };
}
