import { cache } from "@godwit/core/middleware/cache";

/** Options of Connection that name no field which a response may depend on. */
const USUAL = /^(?:close|keep-alive|upgrade|http2-settings|te|trailer|proxy-connection|)$/i;

function isUsual(connection: string | null): boolean {
  return (connection ?? "").split(",").every((name) => USUAL.test(name.trim()));
}

/** What is stored, and for how long, is what the origin says; for what it says nothing of, Last-Modified is a hint. */
export default cache({
  // A field that Connection names is not sent on, so the answer is of a request without it: nobody else's.
  key: ({ method, url, headers }) =>
    !["GET", "HEAD", "QUERY"].includes(method) || isUsual(headers.get("connection")) ? url : undefined,
  heuristic: true,
  // An answer that may be shared by what it says itself may be so with its cookies (RFC 9111 section 7.3).
  cookies: true,
  // An origin that cannot be reached is stood in for, for a day, unless it forbids it (section 4.2.4).
  sie: 86_400,
  // The order of languages with equal weights means nothing (RFC 9110 section 12.5.4).
  vary: (name, value) => (name === "accept-language" ? (value?.split(",").sort().join() ?? null) : value),
});
