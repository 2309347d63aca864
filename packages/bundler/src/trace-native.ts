/**
 * For which machine a native file was built, read from its header.
 * @module
 */

export interface NativeFormat {
  platform: "linux" | "darwin" | "win32";
  /** Node's words: `x64`, `arm64`; undefined for one that no platform here runs. */
  architecture?: string;
}

/** ELF e_machine values (the System V ABI's processor supplements). */
const ELF: Record<number, string> = { 62: "x64", 183: "arm64", 3: "ia32", 40: "arm", 243: "riscv64" };
/** Mach-O cputype with the 64-bit flag. */
const MACH: Record<number, string> = { 16777223: "x64", 16777228: "arm64" };
/** IMAGE_FILE_HEADER.Machine. */
const PE: Record<number, string> = { 34404: "x64", 43620: "arm64", 332: "ia32" };

/** Undefined for what is no native file. The first 1,024 bytes are enough. */
export function readNativeFormat(contents: Uint8Array): NativeFormat | undefined {
  if (contents.length < 64) return undefined;
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
  const magic = view.getUint32(0);
  if (magic === 0x7f454c46) {
    const little = view.getUint8(5) === 1;
    return { platform: "linux", architecture: ELF[view.getUint16(18, little)] };
  }
  if (magic === 0xcffaedfe) return { platform: "darwin", architecture: MACH[view.getUint32(4, true)] };
  if (magic === 0xcafebabe) return { platform: "darwin" };
  if (view.getUint16(0) === 0x4d5a) {
    const header = view.getUint32(60, true);
    if (header + 6 > contents.length || view.getUint32(header) !== 0x50450000) return undefined;
    return { platform: "win32", architecture: PE[view.getUint16(header + 4, true)] };
  }
  return undefined;
}
