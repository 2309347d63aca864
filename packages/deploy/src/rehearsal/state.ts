/**
 * A control plane's memory: one JSON file, replaced whole by rename, and blobs beside it. A later process goes on with
 * what an earlier one kept.
 * @module
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GodwitError } from "@godwit/core/errors";

export interface State<T> {
  /** Changed in place; `save` keeps it. */
  data: T;
  save(): Promise<void>;
  /** Named by its contents: writing it again is the same. */
  putBlob(name: string, contents: Uint8Array): Promise<void>;
  /** Undefined when there is none. */
  blob(name: string): Promise<Buffer<ArrayBuffer> | undefined>;
}

/** Throws REHEARSAL_STATE_INVALID for a file that is not JSON, REHEARSAL_STATE_UNWRITABLE where nothing can be kept. */
export async function openState<T>(folder: string, empty: T): Promise<State<T>> {
  const file = join(folder, "state.json");
  const blobs = join(folder, "blobs");
  await mkdir(blobs, { recursive: true, mode: 0o700 }).catch(unwritable(folder));
  const text = await readFile(file, "utf8").catch(() => undefined);
  let saving = Promise.resolve();
  let version = 0;
  const data = text === undefined ? empty : parse<T>(text, file);
  return {
    data,
    save() {
      const temporary = `${file}.${process.pid}.${version++}`;
      const contents = JSON.stringify(data, null, 2);
      saving = saving
        .catch(() => {}) // its own caller was told
        .then(async () => {
          await replace(temporary, file, contents);
        });
      return saving;
    },
    async putBlob(name, contents) {
      const temporary = join(blobs, `${name}.${process.pid}.${version++}`);
      await replace(temporary, join(blobs, name), contents);
    },
    blob: async (name) => (/^[\w-]+$/.test(name) ? readFile(join(blobs, name)).catch(() => undefined) : undefined),
  };
}

/** Whole, or as it was. */
async function replace(temporary: string, file: string, contents: string | Uint8Array): Promise<void> {
  try {
    await writeFile(temporary, contents, { mode: 0o600 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // what is half written takes room
    unwritable(file)(error);
  }
}

function unwritable(path: string): (error: unknown) => never {
  return (cause) => {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new GodwitError(
      "REHEARSAL_STATE_UNWRITABLE",
      `The rehearsal cannot keep what it was told in ${path}: ${said}. Make room or give this user the right to write there, and run it again.`,
      { cause },
    );
  };
}

function parse<T>(text: string, file: string): T {
  try {
    return JSON.parse(text) as T; // written by `save` alone
  } catch (cause) {
    throw new GodwitError("REHEARSAL_STATE_INVALID", `${file} is not JSON. Remove it to begin anew.`, { cause });
  }
}
