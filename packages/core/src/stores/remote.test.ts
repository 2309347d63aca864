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

test("what is to be tried again after the deadline is not, and leaves no timer behind", async () => {
  let tries = 0;
  const work = async () => {
    tries++;
    throw new Transient("reset");
  };
  await assert.rejects(call("main", { deadline: 50, attempts: 40 }, work), { code: "STORE_UNREACHABLE" });
  const soFar = tries;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(tries, soFar);
  assert.ok(!process.getActiveResourcesInfo().includes("Timeout"));
});

test("a deadline that no timer takes is a long one", async () => {
  const work = () => new Promise((resolve) => setTimeout(resolve, 5, "there"));
  assert.equal(await call("main", { deadline: 3e9 }, work), "there");
});

test("a backend that says more than anybody reads is told in part", async () => {
  assert.ok(failed("main", "x".repeat(1e6)).message.length < 600);
  const work = async () => {
    throw new Transient("y".repeat(1e6));
  };
  await assert.rejects(call("main", { attempts: 1 }, work), { message: /^.{100,600}$/ });
});
