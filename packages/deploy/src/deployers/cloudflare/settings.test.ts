import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "./settings.ts";

test("nothing set has defaults", () => {
  assert.deepEqual(parseSettings(undefined), { adopt: false, startup: 1000, stages: {} });
});

test("what is wrong is named by its path", () => {
  const wrong = (given: unknown, message: RegExp): void =>
    assert.throws(
      () => parseSettings(given),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "DEPLOY_CONFIG_INVALID");
        assert.match(error.message, message);
        return true;
      },
    );
  wrong({ account: "mine" }, /deploy\.cloudflare\.account: .*32 hexadecimal digits/);
  wrong({ startup: 0 }, /deploy\.cloudflare\.startup/);
  wrong({ stages: { staging: { domains: ["Not A Domain"] } } }, /deploy\.cloudflare\.stages\.staging\.domains\.0/);
  wrong({ acount: "x" }, /acount/);
});
