/**
 * A zip writer whose output depends on nothing but the files: entries sorted, one fixed date, no extra fields.
 * PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).
 * @module
 */
import { crc32, deflateRawSync } from "node:zlib";
import { GodwitError } from "@godwit/core/errors";
import type { BuiltFile } from "./contracts.ts";

/** 1 January 1980, midnight: the first date that the format knows. */
const DATE = 0x0021;
/** Bit 11: names are UTF-8. */
const FLAGS = 0x0800;
/** Made by Unix, so that the mode in the external attributes counts; format version 2.0. */
const MADE_BY = (3 << 8) | 20;
const LIMIT = 0xffff_ffff;

/** What a file's contents become, kept as long as the contents are: 1,000 functions deflate a shared chunk once. */
export interface Deflated {
  crc: number;
  method: 0 | 8;
  data: Uint8Array;
  /** Bytes of the same contents gzipped at level 9: the deflate stream, a header of 10 bytes and a trailer of 8. */
  gzipBytes: number;
}

const deflated = new WeakMap<Uint8Array, Deflated>();

/** Deflates at level 9, once for each contents object. */
export function deflate(contents: Uint8Array): Deflated {
  let known = deflated.get(contents);
  if (!known) {
    const data = deflateRawSync(contents, { level: 9 });
    const smaller = data.length < contents.length;
    known = {
      crc: crc32(contents),
      method: smaller ? 8 : 0,
      data: smaller ? data : contents,
      gzipBytes: data.length + 18,
    };
    deflated.set(contents, known);
  }
  return known;
}

/**
 * Throws ZIP_TOO_LARGE over 4 GB or 65,535 files (no platform takes such a function), ZIP_NAME_TWICE for two files of
 * one name.
 */
export function zip(files: readonly BuiltFile[]): Uint8Array {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const bodies: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  let previous: string | undefined;
  for (const { path, contents } of sorted) {
    if (path === previous) throw new GodwitError("ZIP_NAME_TWICE", `Two files of one zip are called ${path}.`);
    previous = path;
    const name = Buffer.from(path);
    const entry = deflate(contents);
    const fields = toFields(entry, contents.length, name.length);
    const local = Buffer.alloc(4);
    local.writeUInt32LE(0x04034b50);
    bodies.push(local, fields, name, entry.data);
    directory.push(toCentral(fields, path, offset), name);
    offset += 4 + fields.length + name.length + entry.data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  if (sorted.length > 0xffff || offset + size > LIMIT) {
    throw new GodwitError("ZIP_TOO_LARGE", `A zip of ${sorted.length} files and ${offset + size} bytes is too large.`);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(sorted.length, 8);
  end.writeUInt16LE(sorted.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}

/** The 26 bytes that local and central headers have in common. */
function toFields(entry: Deflated, bytes: number, nameLength: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(FLAGS, 2);
  fields.writeUInt16LE(entry.method, 4);
  fields.writeUInt16LE(0, 6);
  fields.writeUInt16LE(DATE, 8);
  fields.writeUInt32LE(entry.crc, 10);
  fields.writeUInt32LE(entry.data.length, 14);
  fields.writeUInt32LE(bytes, 18);
  fields.writeUInt16LE(nameLength, 22);
  return fields;
}

function toCentral(fields: Uint8Array, path: string, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(MADE_BY, 4);
  header.set(fields, 6);
  // a regular file; native addons and what a package starts as a program need to be executable
  const mode = /\.(node|so(\.\d+)*)$/.test(path) || !/\.[a-z0-9]+$/i.test(path) ? 0o100755 : 0o100644;
  header.writeUInt32LE(mode * 0x10000, 38);
  header.writeUInt32LE(offset, 42);
  return header;
}
