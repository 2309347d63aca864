/**
 * One execution environment: a child process under AWS's runtime client, its Runtime API, and the freeze between
 * invocations, which is a real one: the process group is stopped, so that work nobody waits for stands still.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { basename, dirname, extname } from "node:path";
import type { LogLine } from "@godwit/bundler/contracts";
import { type Guard, signalGroup } from "./guard.ts";
import { readLines } from "./logs.ts";
import type { FunctionError, Outcome } from "./outcome.ts";
import { ACCOUNT, functionArn, REGION } from "./platform.ts";
import { createRuntimeApi, type RuntimeApi } from "./runtime-api.ts";

export interface EnvironmentSpec {
  id: string;
  /** Absolute path of the file that exports `handler`. */
  entry: string;
  /** Megabytes. Default 128, as Lambda's. */
  memory?: number;
  /** Milliseconds. Default 3,000, as Lambda's. */
  timeout?: number;
  env: Record<string, string>;
  /** Of Node, beside those of Lambda. Default: none. */
  flags?: readonly string[];
  /** A debugger may attach: it has all day, and never freezes. Default false. */
  inspect?: boolean;
  /** Absolute path of aws-lambda-ric's `index.mjs`. */
  runtimeClient: string;
  /** Absolute path of the preload that replaces its native part. */
  preload: string;
}

export interface EnvironmentHooks {
  /** It waits for work; unless it is given some at once, it freezes. */
  idle(environment: Environment): void;
  /** Its process is gone. `failure` is set when it never came to wait for work. */
  gone(environment: Environment, failure?: FunctionError): void;
  log(line: Omit<LogLine, "function">): void;
}

export interface Environment {
  readonly id: string;
  readonly state: "starting" | "idle" | "busy" | "gone";
  /** Milliseconds since 1970 when it last became idle. */
  readonly lastUsed: number;
  /** Microseconds of CPU that the process had used each time it asked for work. */
  readonly cpu: readonly number[];
  /** Only while idle. Resolves with the answer; the environment stays busy until it has settled. */
  invoke(payload: Buffer, trace: string): Promise<Outcome>;
  stop(): Promise<void>;
}

/** Lambda gives a cold start ten seconds before it counts against the function's own time. */
const INIT_LIMIT = 10_000;
const A_DAY = 86_400_000;
/** What the shutdown phase leaves to a runtime with internal extensions, in milliseconds. */
const SHUTDOWN_LIMIT = 500;
const canFreeze = process.platform !== "win32";

export async function startEnvironment(
  spec: EnvironmentSpec,
  guard: Guard,
  hooks: EnvironmentHooks,
): Promise<Environment> {
  const memory = spec.memory ?? 128;
  const timeout = spec.inspect ? A_DAY : (spec.timeout ?? 3000);
  const handler = `${basename(spec.entry, extname(spec.entry))}.handler`;
  let state: Environment["state"] = "starting";
  let lastUsed = Date.now();
  let frozen = false;
  let initFailure: FunctionError | undefined;
  let job: { resolve(outcome: Outcome): void; answered: boolean; id: string } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const cpu: number[] = [];
  const failure = (type: string, message: string): FunctionError => ({ kind: "error", type, message });
  const answer = (outcome: Outcome) => {
    if (!job || job.answered) return;
    job.answered = true;
    job.resolve(outcome);
  };
  const freeze = (on: boolean) => {
    if (!canFreeze || spec.inspect || frozen === on || child.pid === undefined) return;
    frozen = on;
    signalGroup(child.pid, on ? "SIGSTOP" : "SIGCONT");
  };
  const kill = () => {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  };
  const expire = (message: string) => {
    hooks.log({ level: "error", text: message });
    initFailure ??= failure("Sandbox.Timedout", message);
    answer(failure("Sandbox.Timedout", message));
    kill();
  };

  const api: RuntimeApi = await createRuntimeApi(
    { functionName: spec.id, functionVersion: "$LATEST", handler },
    {
      settled(used) {
        if (state === "gone" || state === "idle") return;
        clearTimeout(timer);
        cpu.push(used);
        answer(failure("Runtime.ExitError", "The runtime asked for more work without an answer."));
        job = undefined;
        state = "idle";
        lastUsed = Date.now();
        hooks.idle(environment);
        if (environment.state === "idle") freeze(true);
      },
      responded: answer,
      initFailed(error) {
        initFailure = error;
      },
    },
  );

  const flags = [
    "--expose-gc",
    "--max-http-header-size=81920",
    `--max-semi-space-size=${Math.max(1, Math.floor((memory * 5) / 100))}`,
    `--max-old-space-size=${Math.floor((memory * 90) / 100)}`,
    "--no-experimental-require-module",
    "--no-experimental-detect-module",
    ...(spec.flags ?? []),
  ];
  const child: ChildProcess = spawn(process.execPath, ["--require", spec.preload, ...flags, spec.runtimeClient], {
    cwd: dirname(spec.entry),
    env: lambdaEnv(spec, api.address, handler, memory),
    stdio: ["ignore", "pipe", "pipe"],
    detached: canFreeze,
  });
  if (child.pid !== undefined) guard.add(child.pid);
  if (child.stdout) readLines(child.stdout, "stdout", hooks.log);
  if (child.stderr) readLines(child.stderr, "stderr", hooks.log);
  timer = setTimeout(
    () => expire(`Init did not finish in ${(INIT_LIMIT + timeout) / 1000} seconds`),
    INIT_LIMIT + timeout,
  );

  const gone = new Promise<void>((resolve) => {
    const end = (why: string) => {
      if (state === "gone") return;
      const started = state !== "starting";
      state = "gone";
      clearTimeout(timer);
      if (child.pid !== undefined) {
        kill(); // what it started itself
        guard.remove(child.pid);
      }
      const crash = failure("Runtime.ExitError", `RequestId: ${job?.id ?? "-"} Error: Runtime exited ${why}`);
      answer(crash);
      void api.close().then(resolve);
      hooks.gone(environment, started ? undefined : (initFailure ?? crash));
    };
    child.once("exit", (code, signal) =>
      end(
        code === null
          ? `with error: signal: ${signal}`
          : code
            ? `with error: exit status ${code}`
            : "without providing a reason",
      ),
    );
    child.once("error", (error) => end(`with error: ${error.message}`));
  });

  const environment: Environment = {
    id: spec.id,
    get state() {
      return state;
    },
    get lastUsed() {
      return lastUsed;
    },
    cpu,
    invoke(payload, trace) {
      state = "busy";
      const id = randomUUID();
      const outcome = new Promise<Outcome>((resolve) => {
        job = { resolve, answered: false, id };
      });
      freeze(false);
      timer = setTimeout(
        () => expire(`RequestId: ${id} Error: Task timed out after ${(timeout / 1000).toFixed(2)} seconds`),
        timeout,
      );
      api.deliver({ id, payload, arn: functionArn(spec.id), trace, deadline: Date.now() + timeout });
      return outcome;
    },
    async stop() {
      if (state !== "gone" && api.hasExtensions() && child.pid !== undefined) {
        freeze(false);
        signalGroup(child.pid, "SIGTERM");
        const limit = setTimeout(kill, SHUTDOWN_LIMIT);
        await gone;
        clearTimeout(limit);
      }
      kill();
      await gone;
    },
  };
  return environment;
}

/** What Lambda sets, and what the developer gave; nothing of the developer's own shell but the search path. */
function lambdaEnv(spec: EnvironmentSpec, api: string, handler: string, memory: number): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCOUNT_ID: ACCOUNT,
    ...spec.env,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split(".")[0]}.x`,
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_FUNCTION_NAME: spec.id,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${spec.id}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `emulator/[$LATEST]${randomUUID().replaceAll("-", "")}`,
    AWS_LAMBDA_RUNTIME_API: api,
    LAMBDA_TASK_ROOT: dirname(spec.entry),
    LAMBDA_RUNTIME_DIR: dirname(spec.runtimeClient),
    _HANDLER: handler,
  };
}
