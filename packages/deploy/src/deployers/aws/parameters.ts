/**
 * The stage's parameters in SSM: secrets, releases, the lock. They are free, and one can be made on condition that it
 * is not there.
 * @module
 */
import { collect } from "./client.ts";
import { ignore } from "./functions.ts";
import { tagList } from "./names.ts";
import type { Stage } from "./stage.ts";

export interface Parameter {
  /** Below the folder. */
  name: string;
  value: string;
  version: number;
  /** Milliseconds since 1970. */
  at: number;
}

export interface PutOptions {
  secret?: boolean;
  /** Only where there is none. */
  fresh?: boolean;
  /** It is there, most likely. */
  again?: boolean;
}

export interface Parameters {
  /** Values of secrets are decrypted only where asked for. */
  list(folder: string, decrypt?: boolean): Promise<Parameter[]>;
  /** False, and nothing done, where `fresh` and it is there. */
  put(name: string, value: string, options?: PutOptions): Promise<boolean>;
  remove(names: readonly string[]): Promise<void>;
}

const EXISTS = "ParameterAlreadyExists";

export function createParameters({ call, names }: Stage): Parameters {
  const list: Parameters["list"] = async (folder, decrypt = false) => {
    const Path = `${names.parameters}/${folder}`;
    const found = await collect(async (NextToken) => {
      const page = await call("ssm", "GetParametersByPath", (ssm, options) =>
        ssm.getParametersByPath(
          { Path, Recursive: true, WithDecryption: decrypt, MaxResults: 10, ...(NextToken && { NextToken }) },
          options,
        ),
      );
      return { items: page.Parameters, token: page.NextToken };
    });
    return found.map(({ Name = "", Value = "", Version = 0, LastModifiedDate }) => ({
      name: Name.slice(Path.length + 1),
      value: Value,
      version: Version,
      at: LastModifiedDate?.getTime() ?? 0,
    }));
  };

  return {
    list,
    async put(name, Value, { secret = false, fresh = false, again = false } = {}) {
      const Name = `${names.parameters}/${name}`;
      const input = { Name, Value, Type: secret ? ("SecureString" as const) : ("String" as const) };
      // Tags can be given only while it is made.
      const create = async () => {
        await call(
          "ssm",
          "PutParameter",
          (ssm, options) => ssm.putParameter({ ...input, Overwrite: false, Tags: tagList(names) }, options),
          { expect: [EXISTS] },
        );
        return true;
      };
      const overwrite = () =>
        call("ssm", "PutParameter", (ssm, options) => ssm.putParameter({ ...input, Overwrite: true }, options));
      if (again) {
        await overwrite();
        return true;
      }
      const made = await create().catch(ignore(EXISTS));
      if (made || fresh) return made ?? false;
      // An answer was lost after it was made, or it is set again: what is the same stays, with its version.
      const [folder = "", ...rest] = name.split("/");
      const known = (await list(folder, true)).find((one) => one.name === rest.join("/"));
      if (known?.value === Value) return true;
      await overwrite();
      return true;
    },
    async remove(given) {
      for (let from = 0; from < given.length; from += 10) {
        const Names = given.slice(from, from + 10).map((name) => `${names.parameters}/${name}`);
        await call("ssm", "DeleteParameters", (ssm, options) => ssm.deleteParameters({ Names }, options));
      }
    },
  };
}
