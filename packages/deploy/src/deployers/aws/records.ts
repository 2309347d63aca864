/**
 * What a release is made of: which version of which function. A deployment of an API cannot be asked, so that it is
 * written down in SSM, packed, in as many parameters as it needs.
 * @module
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Parameters } from "./parameters.ts";

export interface ReleaseRecord {
  fingerprint: string;
  /** ISO 8601. */
  at: string;
  /** Function's id -> version. */
  versions: Record<string, string>;
  /** Functions that schedules call. */
  scheduled?: string[];
  /** It had all the traffic once. Written after the switch, or by the next run's reset. */
  live?: true;
  /** A deployment that shares traffic between two releases, by an alias of each of these functions. */
  canary?: { to: string; from: string; functions: string[] };
}

/** Characters of a parameter of the free tier. */
const MOST = 4096;

export interface Records {
  /** By the release's id. */
  list(): Promise<Map<string, ReleaseRecord>>;
  write(id: string, record: ReleaseRecord): Promise<void>;
  /** Notes that it had all the traffic. */
  markLive(id: string, record: ReleaseRecord | undefined): Promise<void>;
  remove(id: string): Promise<void>;
}

export function createRecords(parameters: Parameters): Records {
  const write = async (id: string, record: ReleaseRecord) => {
    const text = deflateRawSync(JSON.stringify(record)).toString("base64");
    const count = Math.ceil((text.length + 8) / MOST);
    // The first says how many there are, and is written last: a record is whole, or not there.
    const whole = `${count} ${text}`;
    for (let index = count - 1; index >= 0; index--) {
      await parameters.put(`releases/${id}/${index}`, whole.slice(index * MOST, (index + 1) * MOST), {
        again: record.live === true,
      });
    }
  };
  return {
    write,
    async markLive(id, record) {
      if (record && !record.live && !record.canary) await write(id, { ...record, live: true });
    },
    async list() {
      const parts = new Map<string, string[]>();
      for (const { name, value } of await parameters.list("releases")) {
        const [id = "", index = "0"] = name.split("/");
        const known = parts.get(id) ?? [];
        known[Number(index)] = value;
        parts.set(id, known);
      }
      const records = [...parts].flatMap(([id, pieces]) => {
        const record = unpack(pieces);
        return record ? [[id, record] as const] : [];
      });
      return new Map(records);
    },
    async remove(id) {
      const own = (await parameters.list("releases")).filter(({ name }) => name.startsWith(`${id}/`));
      await parameters.remove(own.map(({ name }) => `releases/${name}`));
    },
  };
}

function unpack(pieces: readonly (string | undefined)[]): ReleaseRecord | undefined {
  const [, count, start = ""] = /^(\d+) (.*)$/s.exec(pieces[0] ?? "") ?? [];
  if (count === undefined || pieces.length < Number(count)) return undefined;
  try {
    const text = start + pieces.slice(1, Number(count)).join("");
    return JSON.parse(inflateRawSync(Buffer.from(text, "base64")).toString()) as ReleaseRecord; // this file wrote it
  } catch {
    return undefined;
  }
}
