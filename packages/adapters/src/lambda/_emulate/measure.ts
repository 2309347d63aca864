/**
 * Start-up and first-use CPU of one function, in environments of its own, over a handler that does nothing.
 * @module
 */
import type { Startup } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import { type EnvironmentSpec, startEnvironment } from "./environment.ts";
import type { Guard } from "./guard.ts";
import type { FunctionError } from "./outcome.ts";
import { newIdentity } from "./platform.ts";

/** The least of them counts: other work on the machine only ever adds CPU time. */
const ROUNDS = 5;

/** `payload` is the event of the first request. Throws `EMULATOR_MEASURE_FAILED` when the function does not start. */
export async function measureStartup(
  spec: EnvironmentSpec,
  bare: EnvironmentSpec,
  payload: Buffer,
  guard: Guard,
): Promise<Startup> {
  const starts: number[] = [];
  const bareStarts: number[] = [];
  const firsts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [bareStart] = await runOnce(bare, payload, guard);
    const [start, first] = await runOnce(spec, payload, guard);
    bareStarts.push(bareStart);
    starts.push(start);
    firsts.push(first - start);
  }
  return {
    startupCpu: Math.max(0, Math.min(...starts) - Math.min(...bareStarts)) / 1000,
    firstUseCpu: Math.min(...firsts) / 1000,
  };
}

/** Microseconds of CPU when it first asks for work, and when it has served one request and asks again. */
async function runOnce(spec: EnvironmentSpec, payload: Buffer, guard: Guard): Promise<[number, number]> {
  let settle: { idle(): void; gone(failure?: FunctionError): void } | undefined;
  const settled = () =>
    new Promise<void>((resolve, reject) => {
      settle = {
        idle: resolve,
        gone: (failure) => {
          const why = failure ? `${failure.type} ${failure.message}` : "it exited";
          const message = `The function ${spec.id} cannot be measured: ${why}. Run it in preview to see its logs.`;
          reject(new GodwitError("EMULATOR_MEASURE_FAILED", message));
        },
      };
    });
  const started = settled();
  const environment = await startEnvironment(spec, guard, {
    idle: () => settle?.idle(),
    gone: (_, failure) => settle?.gone(failure),
    log: () => {},
  });
  try {
    await started;
    const served = settled();
    const outcome = await Promise.race([
      environment.invoke(payload, newIdentity().trace),
      served.then(() => undefined),
    ]);
    if (outcome?.kind === "stream") outcome.body.resume();
    await served;
    return [environment.cpu[0] ?? 0, environment.cpu[1] ?? 0];
  } finally {
    settle = undefined;
    await environment.stop();
  }
}
