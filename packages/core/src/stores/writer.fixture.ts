/**
 * A process that writes into a SQLite store: `node writer.fixture.ts <folder> <prefix> <count>`.
 * @module
 */
import { open } from "./sqlite.ts";

const [, , folder, prefix, count] = process.argv;
const store = open({}, { name: "shared", bindings: { STORE_PATH: folder } });
for (let at = 0; at < Number(count); at++) await store.set(`${prefix}:${at}`, `${prefix} ${at}`);
