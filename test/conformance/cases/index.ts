import type { ConformRequestInput } from "godwit";
import { answers } from "./answers.ts";
import { bodies } from "./bodies.ts";
import { layers } from "./layers.ts";
import { methods } from "./methods.ts";
import { mounted } from "./mounted.ts";
import { paths } from "./paths.ts";
import { statics } from "./statics.ts";
import { streams } from "./streams.ts";

/** The table: one list of requests for every platform. */
export const table: ConformRequestInput[] = [
  ...paths,
  ...methods,
  ...bodies,
  ...answers,
  ...streams,
  ...layers,
  ...mounted,
  ...statics,
];
