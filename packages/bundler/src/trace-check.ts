/**
 * Will the native files of a function load on its machine?
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import type { BuiltFile, FunctionPlan } from "./contracts.ts";
import type { Notice } from "./steps.ts";
import { type NativeFormat, readNativeFormat } from "./trace-native.ts";

const NATIVE = /\.(node|so(\.\d+)*|dylib|dll)$/;

/**
 * A package that has no native file for the function's machine fails the build; one that also has files for others
 * is fine. Where the target says no architecture, the notice says which one is needed. Throws
 * NATIVE_WRONG_ARCHITECTURE.
 */
export function checkNative(plan: FunctionPlan, files: readonly BuiltFile[], targetConfig: unknown): Notice[] {
  const wanted = architectureOf(targetConfig);
  const notices: Notice[] = [];
  const native = files.filter((file) => NATIVE.test(file.path));
  for (const [folder, found] of Map.groupBy(native, (file) => folderOf(file.path))) {
    const formats = found.flatMap((file) => readNativeFormat(file.contents) ?? []);
    const [first] = formats;
    if (!first) continue;
    if (wanted === undefined) {
      notices.push({
        code: "NATIVE_ARCHITECTURE",
        message: `${plan.id} carries ${folder}, which is built for ${[...new Set(formats.map(print))].join(", ")}: run it there.`,
      });
    } else if (!formats.some((format) => format.platform === "linux" && format.architecture === wanted)) {
      throw new GodwitError(
        "NATIVE_WRONG_ARCHITECTURE",
        `${plan.id} runs on linux-${wanted}, and ${found[0]?.path} is built for ${print(first)}. Install the package ` +
          `for linux-${wanted} (npm install --os=linux --cpu=${wanted}, pnpm: supportedArchitectures), or set the ` +
          "target's `architecture`.",
      );
    }
  }
  return notices;
}

function print({ platform, architecture }: NativeFormat): string {
  return architecture ? `${platform}-${architecture}` : platform;
}

/** A target that runs on one kind of machine says so in its config. */
function architectureOf(config: unknown): string | undefined {
  const value = config && typeof config === "object" && "architecture" in config ? config.architecture : undefined;
  if (value === "x86_64" || value === "x64") return "x64";
  return value === "arm64" ? "arm64" : undefined;
}

function folderOf(path: string): string {
  const at = path.lastIndexOf("node_modules/");
  const parts = path.slice(at === -1 ? 0 : at).split("/");
  return parts.slice(0, parts[1]?.startsWith("@") ? 3 : 2).join("/");
}
