/**
 * The supervisor of a stage: its files, and that it runs. One that runs goes on with the files that it was started
 * from: new ones count from its next start.
 * @module
 */
import type { AnyKind, Spec } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { readScripts, versionOf } from "./ship.ts";
import type { Stage } from "./stage.ts";

export const SUPERVISOR: "host/supervisor" = "host/supervisor";

interface Value {
  version: string;
}

interface Live {
  version: string | undefined;
  runs: boolean;
}

export function supervisorSpec(): Spec<Value> {
  return { kind: "host", name: "supervisor", value: { version: versionOf(readScripts("supervisor")) } };
}

/** Has a supervisor run there. */
export async function installSupervisor(stage: Stage): Promise<void> {
  const files = readScripts("supervisor");
  const { startCommand: start } = stage.settings;
  await stage.change({ op: "install", version: versionOf(files), files, start });
}

export function createSupervisorKind(stage: Stage): AnyKind {
  const install = async ({ value }: Spec<Value>): Promise<Live> => {
    await installSupervisor(stage);
    return { version: value.version, runs: true };
  };
  return defineKind<Value, Live>({
    name: "host",
    phase: "prepare",
    async list() {
      const { installed, status } = await stage.look();
      const isThere = installed !== undefined || status !== undefined;
      return new Map(isThere ? [["supervisor", { version: installed, runs: status !== undefined }]] : []);
    },
    diff: (value, live) => [
      ...(live.runs ? [] : [{ path: "process", from: "ended", to: "running" }]),
      ...(live.version === value.version
        ? []
        : [{ path: "files", from: live.version, to: `${value.version} (from its next start)` }]),
    ],
    create: install,
    update: install,
  });
}
