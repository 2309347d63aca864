/**
 * Calls to Cloudflare's REST API: one place for the token, time-outs, retries and what the envelope's errors mean.
 * developers.cloudflare.com/api
 * @module
 */
import type { DeployInput } from "../../contracts.ts";
import { readText } from "../../engine/body.ts";
import { credentialsMissing } from "../../engine/errors.ts";
import { CallError, retry } from "../../engine/retry.ts";
import { explain, type Said } from "./failures.ts";

export interface Call<T> {
  /** In words of the API, for errors and traces: `upload a version`. */
  name: string;
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the API's base. */
  path: string;
  query?: Record<string, string>;
  json?: unknown;
  /** Content type of `json`, where it is a special one. */
  type?: string;
  /** A body as it is, such as a value of KV. */
  text?: string;
  /** Made anew for each attempt. */
  form?: () => FormData;
  /** In place of the account's token, such as an upload session's. */
  token?: string;
  /** The token permission that the call needs, as Cloudflare's pages name it. */
  scope: string;
  /** Cloudflare's codes that are no error here and give undefined; an empty list: any 404. */
  absent?: readonly number[];
  /** For a call that must not be made twice: asked before each further attempt whether the first was done after all. */
  done?(): Promise<T | undefined>;
  /** Milliseconds of one attempt. Default 30,000. */
  patience?: number;
}

/** Cloudflare's envelope around every answer. */
export interface Envelope {
  success: boolean;
  errors?: Said[] | null;
  result: unknown;
}

export interface Client {
  /** Rejects with CallError, or with a GodwitError where the way out is known. */
  call<T>(call: Call<T>): Promise<T>;
  /** GETs on their way are shared: kinds are listed at the same moment and look at the same things. */
  get<T>(call: Call<T>): Promise<T>;
  /** Without the envelope, as the GraphQL API and values of KV answer. */
  raw(call: Call<string>): Promise<string>;
}

/** Milliseconds that one call may take. */
const PATIENCE = 30_000;
/** Bytes of an answer that are read. */
const LARGEST = 32 * 1024 * 1024;

/** Throws DEPLOY_CREDENTIALS_MISSING without a token. */
export function createClient({ env, clock, signal }: Pick<DeployInput, "env" | "clock" | "signal">): Client {
  const token = env.CLOUDFLARE_API_TOKEN;
  if (!token) {
    throw credentialsMissing(
      "CLOUDFLARE_API_TOKEN is not set.",
      "Make a token at https://dash.cloudflare.com/profile/api-tokens with the template “Edit Cloudflare Workers”, and set it in the shell or among the CI's secrets. docs/deploy/cloudflare.md has the permissions one by one.",
    );
  }
  const base = (env.CLOUDFLARE_API_BASE_URL ?? "https://api.cloudflare.com/client/v4").replace(/\/+$/, "");
  const most = Number(env.GODWIT_CALL_TIMEOUT) || Number.POSITIVE_INFINITY;
  const shared = new Map<string, Promise<unknown>>();

  async function send(call: Call<never>): Promise<{ response: Response; text: string }> {
    const { name, method = "GET", path, query, json, text, form } = call;
    const url = new URL(`${base}${path}`);
    for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
    const limit = AbortSignal.timeout(Math.min(most, call.patience ?? PATIENCE));
    try {
      const response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${call.token ?? token}`,
          "user-agent": "godwit",
          ...(json !== undefined && { "content-type": call.type ?? "application/json" }),
        },
        ...(json !== undefined
          ? { body: JSON.stringify(json) }
          : form
            ? { body: form() }
            : text !== undefined
              ? { body: text }
              : {}),
        redirect: "error",
        signal: AbortSignal.any([signal, limit]),
      });
      return { response, text: await readText(response, LARGEST) };
    } catch (cause) {
      throw new CallError(name, `Cloudflare did not answer (${name}): ${reasonOf(cause)}`, { cause });
    }
  }

  async function once<T>(call: Call<T>, attempt: number): Promise<T> {
    const before = attempt > 1 ? await call.done?.() : undefined;
    if (before !== undefined) return before;
    const { response, text } = await send(call as Call<never>); // `send` looks at the request alone
    const envelope = parse(text);
    if (response.ok && envelope?.success) return envelope.result as T; // the caller names the shape that the API documents
    if (response.ok) {
      throw new CallError(call.name, `Cloudflare's answer is not one of its API (${call.name}).`, { transient: true });
    }
    const said = envelope?.errors ?? [];
    const absent =
      call.absent &&
      (call.absent.length ? said.some(({ code }) => call.absent?.includes(code)) : response.status === 404);
    if (absent) return undefined as T; // `absent` says so, and the caller's type with it
    throw await explain(call, response, said, text, verify);
  }

  /** Whether the token is one at all: a refusal is then about a permission. */
  async function verify(): Promise<boolean> {
    const { response } = await send({ name: "verify the token", path: "/user/tokens/verify", scope: "" });
    return response.ok;
  }

  const call = <T>(one: Call<T>): Promise<T> => retry((attempt) => once(one, attempt), { clock, signal });
  return {
    call,
    get<T>(one: Call<T>): Promise<T> {
      const key = JSON.stringify([one.path, one.query, one.absent]);
      const running = shared.get(key) ?? call(one).finally(() => shared.delete(key));
      shared.set(key, running);
      return running as Promise<T>; // the key is the call, and so the shape of its answer
    },
    raw: (one) =>
      retry(
        async () => {
          const { response, text } = await send(one as Call<never>); // `send` looks at the request alone
          if (response.ok) return text;
          if (one.absent && response.status === 404) return "";
          throw await explain(one, response, parse(text)?.errors ?? [], text, verify);
        },
        { clock, signal },
      ),
  };
}

function parse(text: string): Envelope | undefined {
  try {
    const value = JSON.parse(text) as Envelope | null; // looked at below
    return typeof value?.success === "boolean" ? value : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
