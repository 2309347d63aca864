import { bodyLimit } from "@godwit/core/middleware/body-limit";

/** A megabyte is enough for this example; more is a 413. */
export default bodyLimit({ max: 1_000_000 });
