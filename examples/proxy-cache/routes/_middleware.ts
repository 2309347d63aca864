import { cache } from "@godwit/core/middleware/cache";

/** What is stored, and for how long, is what the origin says; for what it says nothing of, Last-Modified is a hint. */
export default cache({ heuristic: true });
