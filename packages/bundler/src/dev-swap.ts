/**
 * The app that runs inside the platform's runtime during development: it asks before each request which code serves it.
 * What it loads is kept by version, and `context.shared` by the process, so that state outlives an edit.
 * @module
 */
import type { App, ExecutionContext, Key, Match } from "@godwit/core/types";
import type { DevAnswer, DevFailure, DevFormat } from "./dev-contract.ts";
import { SharedView } from "./dev-swap-shared.ts";

/** What differs between runtimes. */
export interface DevLoader {
  format: DevFormat;
  /** Posts JSON to `<url>/<path>`. Rejects when nobody is there. */
  post(path: string, body: unknown): Promise<{ status: number; body: unknown }>;
  /** Brings the answer's module into this runtime. */
  load(answer: Loadable, execution: ExecutionContext): Promise<DevAppModule>;
  /** A binding that is the runtime's own business and none of the app's. */
  binding?: string;
}

type Loadable = Omit<DevAnswer, "env" | "guessed">;

/** The exports of a module that the graph makes for a route, and for the dispatcher. */
export interface DevAppModule {
  default(shared: Map<Key<unknown>, unknown>): App;
  /** A dispatcher's: the pattern of what it matches is the id to ask for. */
  behind?: Match;
}

/** The last good code of an id. */
interface Unit {
  version: string;
  app: App;
  behind?: Match;
  view: SharedView;
  /** Which ask it was: of two that load at once, the later one stays. */
  asked: number;
}

/** Carries a failure to whoever answers the request. */
class Refused extends Error {
  readonly failure: DevFailure;
  constructor(failure: DevFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/**
 * Makes the app. Its `fetch` rejects never: what cannot be loaded is a 500 with `x-godwit-dev-failure`. `secure`: HTTPS
 * ends before the platform, and a URL that does not say so is made to.
 */
export function createSwap(loader: DevLoader, secure = false): App {
  const shared = new Map<Key<unknown>, unknown>();
  const units = new Map<string, Unit>();
  /** The version of an id that could not be loaded, which is told once. It is tried again: what it needs may come. */
  const refused = new Map<string, string>();
  const layEnv = createEnv(loader.binding);
  let count = 0;

  async function ask(id: string, guess?: string): Promise<DevAnswer> {
    let answered: { status: number; body: unknown };
    try {
      answered = await loader.post("app", { format: loader.format, id, ...(guess !== undefined && { guess }) });
    } catch (cause) {
      throw new Refused({ code: "DEV_SERVER_GONE", message: `godwit dev does not answer: ${String(cause)}` });
    }
    if (answered.status !== 200) throw new Refused(answered.body as DevFailure); // as the contract says
    return answered.body as DevAnswer; // as the contract says
  }

  /** What the answer names, or the last good code of that id. */
  async function take(id: string, answer: Loadable, execution: ExecutionContext): Promise<Unit> {
    const known = units.get(id);
    if (known?.version === answer.version) return known;
    const asked = ++count;
    try {
      const module = await loader.load(answer, execution);
      const now = units.get(id);
      // No promise is shared between requests, which workerd forbids: two may load at once, and the first one stays.
      if (now?.version === answer.version) return now;
      const view = new SharedView(shared, now?.view);
      const unit = { version: answer.version, app: module.default(view), behind: module.behind, view, asked };
      if (!now || now.asked < asked) units.set(id, unit);
      return unit;
    } catch (error) {
      const refusal = new Refused(toFailure(error));
      const isKnown = refused.get(id) === answer.version;
      refused.set(id, answer.version);
      if (!isKnown) await loader.post("failed", refusal.failure).catch(() => {});
      return orRefuse(units.get(id), refusal);
    }
  }

  async function bring(id: string, execution: ExecutionContext): Promise<Unit> {
    let answer: DevAnswer;
    try {
      answer = await ask(id);
    } catch (refusal) {
      return orRefuse(units.get(id), refusal);
    }
    return take(id, answer, execution);
  }

  /** The app for a path, and the variables of this moment. */
  async function find(path: string, execution: ExecutionContext): Promise<{ app: App; env?: Record<string, string> }> {
    const before = units.get("dispatcher");
    const guess = before && (idOf(before, path) ?? "");
    let answer: DevAnswer;
    let dispatcher: Unit;
    try {
      answer = await ask("dispatcher", guess || undefined);
      dispatcher = await take("dispatcher", answer, execution);
    } catch (refusal) {
      if (!before) throw refusal;
      return { app: (units.get(idOf(before, path) ?? "") ?? before).app };
    }
    const { env, guessed } = answer;
    const id = idOf(dispatcher, path);
    if (id === undefined) return { app: dispatcher.app, env };
    const unit = guessed && id === guess ? await take(id, guessed, execution) : await bring(id, execution);
    return { app: unit.app, env };
  }

  return {
    async fetch(given, execution = LOCAL) {
      const isBare = secure && given.url.startsWith("http:");
      const request = isBare ? new Request(`https${given.url.slice("http".length)}`, given) : given;
      let found: Awaited<ReturnType<typeof find>>;
      try {
        found = await find(new URL(request.url).pathname, execution);
      } catch (error) {
        return toResponse(error instanceof Refused ? error.failure : toFailure(error));
      }
      return found.app.fetch(request, layEnv(execution, found.env));
    },
  };
}

/** For a call without a platform, as core's own. */
const LOCAL: ExecutionContext = { env: {}, waitUntil() {}, platform: { name: "local", raw: undefined } };

function orRefuse(known: Unit | undefined, refusal: unknown): Unit {
  if (known) return known;
  throw refusal;
}

function idOf({ behind }: Unit, path: string): string | undefined {
  return behind?.(path)?.route.pattern || undefined;
}

type Variables = Record<string, string | undefined>;

/**
 * Variables follow the files: those of `process.env` are written there, where there is one; other bindings get them laid
 * over, as one object for as long as nothing changes, since an app parses its env once an object.
 */
function createEnv(binding: string | undefined): (execution: ExecutionContext, env?: Variables) => ExecutionContext {
  const replaced = new Map<string, string | undefined>();
  let last: { raw: unknown; text: string; laid: object } | undefined;
  return (execution, env) => {
    const { process }: { process?: { env?: Variables } } = globalThis as object; // not everywhere
    const own = process?.env;
    if (own && env) assign(own, env, replaced);
    if (execution.env === own) return execution;
    const text = env ? JSON.stringify(env) : (last?.text ?? "{}");
    let laid = last?.raw === execution.env && last?.text === text ? last.laid : undefined;
    if (!laid) {
      const all: Record<string, unknown> = { ...(execution.env as object), ...JSON.parse(text) }; // bindings are an object
      if (binding !== undefined) delete all[binding];
      laid = all;
      last = { raw: execution.env, text, laid };
    }
    // The execution stays what it is below: it may have getters.
    return Object.create(execution, { env: { value: laid, enumerable: true } });
  };
}

/** `replaced` has what the process itself said, for names that leave the files again. */
function assign(own: Variables, env: Variables, replaced: Map<string, string | undefined>): void {
  for (const [name, value] of Object.entries(env)) {
    if (!replaced.has(name)) replaced.set(name, own[name]);
    if (own[name] !== value) own[name] = value;
  }
  for (const [name, value] of replaced) {
    if (Object.hasOwn(env, name)) continue;
    if (value === undefined) delete own[name];
    else own[name] = value;
    replaced.delete(name);
  }
}

function toFailure(error: unknown): DevFailure {
  const { message, stack }: { message?: unknown; stack?: unknown } = Object(error); // anything can be thrown
  return {
    code: "DEV_LOAD_FAILED",
    message: typeof message === "string" && message !== "" ? message : String(error),
    ...(typeof stack === "string" && { stack }),
  };
}

/** The dev server knows it by its header, and shows its own page to a browser. */
function toResponse({ code, message, ...place }: DevFailure): Response {
  const body = { type: "about:blank", title: "Internal Server Error", status: 500, detail: message, code, ...place };
  const headers = { "content-type": "application/problem+json", "x-godwit-dev-failure": "1" };
  return new Response(JSON.stringify(body), { status: 500, headers });
}
