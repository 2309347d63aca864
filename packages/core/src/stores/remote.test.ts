import assert from "node:assert/strict";
import { test } from "node:test";
import { GodwitError } from "../errors.ts";
import { call, failed, isStoreFailure, refused, Transient } from "./remote.ts";

test("what is transient is tried again, and what comes then is given", async () => {
  let tries = 0;
  const work = async () => {
    tries++;
    if (tries < 3) throw new Transient("reset");
    return "there";
  };
  assert.equal(await call("main", {}, work), "there");
  assert.equal(tries, 3);
});

test("attempts are bounded, and the last failure is told", async () => {
  let tries = 0;
  const work = async () => {
    tries++;
    throw new Transient("reset", { cause: "wire" });
  };
  const told = { code: "STORE_UNREACHABLE", message: /"main" failed 2 times: reset/, cause: "wire" };
  await assert.rejects(call("main", { attempts: 2 }, work), told);
  assert.equal(tries, 2);
});

test("what is not transient is not tried again", async () => {
  let tries = 0;
  const work = async () => {
    tries++;
    throw refused("main", "TOKEN");
  };
  await assert.rejects(call("main", {}, work), { code: "STORE_REFUSED", message: /TOKEN/ });
  assert.equal(tries, 1);
});

test("the deadline holds over all attempts, and tells the work", async () => {
  let signal: AbortSignal | undefined;
  const work = (given: AbortSignal) => {
    signal = given;
    return new Promise<never>(() => {});
  };
  await assert.rejects(call("main", { deadline: 20 }, work), { code: "STORE_UNREACHABLE", message: /within 20 ms/ });
  assert.equal(signal?.aborted, true);
});

test("a store's failure is told from a fault of the code that calls it", () => {
  assert.equal(isStoreFailure(failed("main", "READONLY")), true);
  assert.equal(isStoreFailure(new TypeError("fetch failed")), true);
  assert.equal(isStoreFailure(new GodwitError("STORE_KEY_INVALID", "")), false);
});
