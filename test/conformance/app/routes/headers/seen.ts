import { json } from "@godwit/core";

/** The headers that start with x-test. Spaces after the commas of a list mean nothing (RFC 9110 section 5.6.1). */
export const GET = (request: Request) =>
  json(
    [...request.headers]
      .filter(([name]) => name.startsWith("x-test"))
      .map(([name, value]) => [name, value.replaceAll(/, */g, ", ")]),
  );
