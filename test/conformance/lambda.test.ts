import { platforms } from "@godwit/adapters/registry";
import { conforms } from "./run.ts";

const { fronts } = await platforms.lambda.emulate();

for (const front of fronts) conforms({ target: "lambda", front }, `lambda behind ${front}`);
