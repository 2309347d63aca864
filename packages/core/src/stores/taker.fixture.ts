/**
 * A process that takes from a SQLite store, all at once: `node taker.fixture.ts <folder> <count>`. It prints how many
 * went through.
 * @module
 */
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { open } from "./sqlite.ts";

const [, , folder, count] = process.argv;
const { counters } = open({}, { name: "shared", bindings: { STORE_PATH: folder } });
const rules = [{ algorithm: fixedWindow, limit: 100, window: 86_400_000_000 }];
const all = await Promise.all(Array.from({ length: Number(count) }, () => counters?.take("key", rules)));
console.log(all.filter((taken) => taken?.allowed).length);
