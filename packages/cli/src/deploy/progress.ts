/**
 * What a deploy is at, and what each step came to.
 * @module
 */
import { type DeployEvent, type DeployStep, percent } from "@godwit/deploy";
import colors from "../colors.ts";
import { count, type Speaker } from "./speak.ts";

const WORDS: Record<DeployStep, string> = {
  lock: "lock",
  reset: "look for what an earlier run left",
  secrets: "secrets",
  prepare: "prepare",
  release: "make the release",
  verify: "verify",
  "before-promote": "run beforePromote",
  canary: "canary",
  switch: "switch",
  settle: "settle",
  delete: "delete",
  warm: "warm",
};

/** More lines about what could not be warmed tell nothing new. */
const MOST_NOTES = 10;

export interface Progress {
  on(event: DeployEvent): void;
  /** Ends the step that is on: it worked. */
  end(): void;
  /** Says which step it was that did not. */
  fail(): void;
}

/** Shows events as they come. */
export function createProgress(speaker: Speaker): Progress {
  let step: DeployStep | undefined;
  let pieces = 0;
  let failed = 0;
  const end = () => {
    if (step === "warm")
      speaker.done(
        `  warmed ${count(pieces - failed, "address", "addresses")}${failed > 0 ? `, ${failed} failed` : ""}`,
      );
    else if (step && (pieces > 0 || step === "release" || step === "switch"))
      speaker.done(`  ${summary(step, pieces)}`);
    step = undefined;
    pieces = 0;
    speaker.at("");
  };
  return {
    end,
    fail() {
      if (step) speaker.done(`  stopped: ${WORDS[step]}`);
      step = undefined;
      speaker.at("");
    },
    on(event) {
      if (event.type === "step") {
        end();
        step = event.step;
        speaker.at(WORDS[step]);
      } else if (event.type === "work") {
        pieces = event.done;
        speaker.at(`${WORDS[event.step]} ${event.done} of ${event.all}: ${event.action} ${event.id}`);
      } else if (event.type === "answer") {
        pieces++;
        speaker.at(`verify ${pieces} of ${event.all}: ${event.answer.path}`);
      } else if (event.type === "warm") {
        pieces++;
        if (event.why !== undefined && ++failed <= MOST_NOTES) {
          speaker.at("");
          speaker.note(`note could not warm ${event.url}: ${event.why}`);
        }
        speaker.at(`warm ${pieces} of ${event.all}: ${event.url}`);
      } else if (event.type === "line") {
        speaker.at("");
        speaker.note(`  ${colors.dim("beforePromote")} ${event.line}`);
      } else {
        const { state, share } = event.event;
        const metrics = "metrics" in event.event ? event.event.metrics : undefined;
        const figures = metrics
          ? `${metrics.requests} requests, ${metrics.errors} errors${metrics.p95 === undefined ? "" : `, p95 ${Math.round(metrics.p95)} ms`}`
          : "no figures yet";
        const at = `canary ${percent(share)}`;
        if (state === "shift") speaker.say(`  ${at}`);
        else if (state === "pass") speaker.done(`  ${at} passed: ${figures}`);
        else if (state === "hold") speaker.done(`  ${at} holds: ${figures}`);
        else speaker.at(`${at}: ${figures}`);
      }
    },
  };
}

function summary(step: DeployStep, pieces: number): string {
  if (step === "verify") return `verified with ${count(pieces, "request")}`;
  if (step === "release") return "release made";
  if (step === "switch") return "switched all traffic";
  if (step === "prepare") return `prepared ${count(pieces, "thing")}`;
  if (step === "settle") return `settled ${count(pieces, "thing")}`;
  return `${WORDS[step]}: ${count(pieces, "thing")}`;
}
