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

/**
 * What measures functions, over the same bare start, which is taken once. `payload` is the event of the first request.
 * Rejects with `EMULATOR_MEASURE_FAILED` when the function does not start.
 */
export function createMeasure(
  bare: EnvironmentSpec,
  guard: Guard,
): (spec: EnvironmentSpec, payload: Buffer) => Promise<Startup> {
  const run = async (spec: EnvironmentSpec, payload: Buffer): Promise<{ start: number; first: number }> => {
    const rounds: [number, number][] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await runOnce(spec, payload, guard));
    const least = (values: number[]): number => Math.min(...values) / 1000;
    return {
      start: least(rounds.map(([start]) => start)),
      first: least(rounds.map(([start, first]) => first - start)),
    };
  };
  let base: Promise<{ start: number }> | undefined;
  return async (spec, payload) => {
    base ??= run(bare, payload);
    const nothing = await base;
    const { start, first } = await run(spec, payload);
    return { startupCpu: Math.max(0, start - nothing.start), firstUseCpu: first };
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
