import { json } from "@godwit/core";

/** The headers that start with x-test, as the handler sees them. */
export const GET = (request: Request) => json([...request.headers].filter(([name]) => name.startsWith("x-test")));
