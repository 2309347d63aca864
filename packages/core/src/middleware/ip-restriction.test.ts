import assert from "node:assert/strict";
import { test } from "node:test";
import { appOf, execution, get } from "../app.fixture.ts";
import { type IpRestrictionOptions, ipRestriction } from "./ip-restriction.ts";

const status = async (options: IpRestrictionOptions, ip?: string) => {
  const app = appOf(() => new Response("in"), [ipRestriction(options)]);
  return (await get(app, "/", { "x-forwarded-for": "10.0.0.1" }, execution({ ip }))).status;
};

test("only what is allowed gets in", async () => {
  const options = { allow: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"] };
  for (const ip of ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7"])
    assert.equal(await status(options, ip), 200, ip);
  for (const ip of ["11.0.0.1", "2001:db9::1", "192.0.2.8", "::10.1.2.3"])
    assert.equal(await status(options, ip), 403, ip);
});

test("what is denied stays out, whatever is allowed", async () => {
  const options = { allow: ["10.0.0.0/8"], deny: ["10.0.0.7"] };
  assert.deepEqual([await status(options, "10.0.0.6"), await status(options, "::ffff:10.0.0.7")], [200, 403]);
  assert.deepEqual(
    [await status({ deny: ["10.0.0.7"] }, "8.8.8.8"), await status({ allow: [] }, "8.8.8.8")],
    [200, 403],
  );
});

test("an address that is unknown or unreadable is refused, and no header stands in for it", async () => {
  for (const options of [{ allow: ["0.0.0.0/0", "::/0"] }, { deny: ["10.0.0.7"] }]) {
    for (const ip of [undefined, "", "unknown", "10.0.0.1, 8.8.8.8"]) assert.equal(await status(options, ip), 403, ip);
  }
});

test("a rule that is neither address nor block is refused when the app starts", () => {
  for (const rule of ["", "10.0.0.0/33", "example.com", "10.0.0"]) {
    assert.throws(() => ipRestriction({ allow: [rule] }), { code: "IP_RULE_INVALID" }, rule);
    assert.throws(() => ipRestriction({ deny: [rule] }), { code: "IP_RULE_INVALID" }, rule);
  }
});
