import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSettings } from "./settings.ts";

test("without a word there are defaults", () => {
  assert.deepEqual(parseSettings(undefined), {
    port: 3000,
    ports: {},
    keep: 5,
    workers: 1,
    drain: 70_000,
    start: 30_000,
    sshCommand: ["ssh"],
  });
});

test("hosts and paths that ssh or a shell could take for something else are refused, with their path", () => {
  for (const host of ["-oProxyCommand=touch", "a b", "user@-x", "host;id", "user@host:22", ""]) {
    assert.throws(
      () => parseSettings({ host }),
      { code: "DEPLOY_CONFIG_INVALID", message: /deploy\.node\.host/ },
      host,
    );
  }
  for (const path of ["relative", "/", "~", "/srv/../etc", "/srv/./x", "/srv/", "/a\nb", "~root/x"]) {
    assert.throws(
      () => parseSettings({ path }),
      { code: "DEPLOY_CONFIG_INVALID", message: /deploy\.node\.path/ },
      path,
    );
  }
  for (const host of ["example.com", "deploy@example.com", "10.0.0.1", "alias", "root@[::1]"]) {
    assert.equal(parseSettings({ host }).host, host);
  }
  for (const path of ["/srv/links", "~/links", "/srv/..hidden", "/srv/it's a place"]) {
    assert.equal(parseSettings({ path }).path, path);
  }
});

test("a key that is not known is named", () => {
  assert.throws(() => parseSettings({ prot: 3000 }), { code: "DEPLOY_CONFIG_INVALID", message: /prot/ });
  assert.throws(() => parseSettings({ ports: { staging: 0 } }), { message: /deploy\.node\.ports\.staging/ });
});
