/**
 * A process that takes from a DynamoDB store, all at once: `node dynamodb-taker.fixture.ts <count>`, with the table in
 * its environment. It prints how many went through.
 * @module
 */
import { fixedWindow } from "../rate-limit/fixed-window.ts";
import { open } from "./dynamodb.ts";

const { counters } = open({ variable: "TABLE_MAIN", deadline: 10_000 }, { name: "main", bindings: process.env });
const rules = [{ algorithm: fixedWindow, limit: 100, window: 86_400_000_000 }];
const all = await Promise.all(Array.from({ length: Number(process.argv[2]) }, () => counters?.take("key", rules)));
console.log(all.filter((taken) => taken?.allowed).length);
