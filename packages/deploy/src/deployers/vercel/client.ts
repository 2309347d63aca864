/**
 * Calls to Vercel's REST API: one place for the token, time-outs, retries and what an answer's error means.
 * https://vercel.com/docs/rest-api
 * @module
 */
import type { DeployInput } from "../../contracts.ts";
import { readText } from "../../engine/body.ts";
import { accessDenied, credentialsInvalid, credentialsMissing, quotaReached } from "../../engine/errors.ts";
import { CallError, retry } from "../../engine/retry.ts";

export interface Call {
  /** In words of the API, for errors and traces: `create a deployment`. */
  name: string;
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string>;
  json?: unknown;
  bytes?: Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  /** An answer of 404 gives undefined instead of an error. */
  maybe?: boolean;
  /** Vercel's error codes that are an answer here, and what they stand for. */
  expect?: readonly string[];
}

export interface Api {
  /** `https:`; a rehearsal's is `http:`, and so are its deployments' addresses. */
  readonly protocol: string;
  /** Rejects with CallError, or with a GodwitError where the way out is known. */
  call<T>(call: Call): Promise<T>;
  /** An answer that is read while it comes. */
  stream(call: Call): Promise<ReadableStream<Uint8Array>>;
}

/** The JSON of an error answer that `expect` names. */
export interface Expected {
  error: { code: string; message?: string; missing?: string[] };
}

/** Milliseconds that one call may take. */
const PATIENCE = 30_000;
/** Bytes of an answer that are read. */
const LARGEST = 16 * 1024 * 1024;

/** Throws DEPLOY_CREDENTIALS_MISSING without a token. */
export function createApi({ env, clock, signal }: DeployInput, team: string | undefined): Api {
  const token = env.VERCEL_TOKEN;
  if (!token) {
    throw credentialsMissing(
      "VERCEL_TOKEN is not set.",
      "Make a token at https://vercel.com/account/tokens and set it in the shell or among the CI's secrets.",
    );
  }
  const base = new URL(env.VERCEL_API_URL ?? "https://api.vercel.com");
  const patience = Number(env.GODWIT_CALL_TIMEOUT ?? PATIENCE);

  async function send({ name, method = "GET", path, query, json, bytes, headers }: Call): Promise<Response> {
    const url = new URL(path, base);
    for (const [key, value] of Object.entries({ ...query, ...(team && { teamId: team }) })) {
      url.searchParams.set(key, value);
    }
    try {
      return await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          "user-agent": "godwit",
          ...(json !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(json !== undefined ? { body: JSON.stringify(json) } : bytes ? { body: bytes } : {}),
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
      });
    } catch (cause) {
      throw new CallError(name, `Vercel did not answer (${name}): ${reasonOf(cause)}`, { cause });
    }
  }

  async function once<T>(call: Call): Promise<T> {
    const response = await send(call);
    const text = await read(response, call.name);
    if (response.status === 404 && call.maybe) return undefined as T; // the caller's type says so
    const value = parse(text);
    if (response.ok) {
      if (value !== undefined || text === "") return value as T; // the caller names the shape that the API documents
      throw new CallError(call.name, `Vercel's answer is no JSON (${call.name}).`, { transient: true });
    }
    const { code = "", message = text.slice(0, 200) } = (value as Partial<Expected> | undefined)?.error ?? {};
    if (call.expect?.includes(code)) return value as T;
    throw toError(call.name, response, code, message);
  }

  return {
    protocol: base.protocol,
    call: (call) => retry(() => once(call), { clock, signal }),
    async stream(call) {
      const response = await retry(
        async () => {
          const answer = await send(call);
          if (answer.ok) return answer;
          const { code = "", message = "" } =
            (parse(await read(answer, call.name)) as Expected | undefined)?.error ?? {};
          throw toError(call.name, answer, code, message);
        },
        { clock, signal },
      );
      return response.body ?? new ReadableStream();
    },
  };
}

function toError(call: string, response: Response, code: string, message: string): Error {
  const { status } = response;
  const said = `Vercel answered ${status}${code && ` ${code}`} (${call}): ${message}`;
  if (status === 401 || code === "invalid_token") {
    return credentialsInvalid(
      said,
      "VERCEL_TOKEN is wrong or has expired. Make another at https://vercel.com/account/tokens.",
    );
  }
  if (status === 403) {
    return accessDenied(
      said,
      "the scope of the team that owns the project: the token's, or deploy.vercel.team in the config",
    );
  }
  if (status === 402) return quotaReached(said, "See https://vercel.com/docs/limits");
  const wait = response.headers.get("retry-after");
  const retryAfter = wait === null ? Number.NaN : Number(wait) * 1000;
  return new CallError(call, said, { code, status, ...(Number.isFinite(retryAfter) && { retryAfter }) });
}

async function read(response: Response, name: string): Promise<string> {
  try {
    return await readText(response, LARGEST);
  } catch (cause) {
    throw new CallError(name, `Vercel's answer broke off (${name}): ${reasonOf(cause)}`, { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
