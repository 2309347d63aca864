/**
 * A process that takes from a store, all at once: `node taker.fixture.ts '{ "driver": "sqlite", ... }'`. It prints how many
 * went through a limit of 100, and ends without closing anything.
 * @module
 */
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import type { Taker } from "./takers.fixture.ts";

const { driver, options = {}, bindings, takes }: Taker = JSON.parse(process.argv[2] ?? "");
const { open } = await import(`./${driver}.ts`);
const { counters } = open(options, { name: "shared", bindings });
const rules = [{ algorithm: fixedWindow, limit: 100, window: 86_400_000_000 }];
const all = await Promise.all(Array.from({ length: takes }, () => counters.take("key", rules)));
console.log(all.filter((taken) => taken.allowed).length);
