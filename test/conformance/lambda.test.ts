import { platforms } from "@godwit/adapters/registry";
import type { ConformRun } from "godwit";
import { conforms } from "./run.ts";

const { fronts } = await platforms.lambda.emulate();
const runs = fronts.map((front): ConformRun => ({ target: "lambda", front }));

conforms([...runs, { target: "lambda", config: { stage: "prod" } }], "lambda, behind each front,");
