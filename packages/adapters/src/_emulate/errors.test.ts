import assert from "node:assert/strict";
import { test } from "node:test";
import { artefactInvalid, startFailed, toolMissing, triggerFailed, unknownFunction, unknownTrigger } from "./errors.ts";

test("each error has one code, and says what to do next", () => {
  const errors = [
    unknownTrigger("schedule", "/a", []),
    triggerFailed("schedule", "/a", "it answered 500"),
    unknownFunction("api"),
    toolMissing("miniflare"),
    startFailed("The server", "Its log says why."),
    artefactInvalid("a/config.json", new Error("no such file")),
  ];
  assert.deepEqual(
    errors.map(({ code, message }) => `${code}: ${message}`),
    [
      'EMULATOR_TRIGGER_UNKNOWN: No schedule trigger of "/a" in this artefact. Schedules: none.',
      "EMULATOR_TRIGGER_FAILED: The schedule of /a failed: it answered 500. The log says more.",
      'EMULATOR_FUNCTION_UNKNOWN: The artefact has no function "api".',
      "EMULATOR_TOOL_MISSING: miniflare is not installed. Run `npm install --save-dev miniflare`.",
      "EMULATOR_START_FAILED: The server did not start. Its log says why.",
      "EMULATOR_ARTEFACT_INVALID: a/config.json cannot be read: no such file. Build again.",
    ],
  );
});
