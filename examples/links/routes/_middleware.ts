import { secureHeaders } from "@godwit/core/middleware/secure-headers";

// The page has no script. Those of 'self' may run because `godwit dev` shows mistakes over the page with one.
const policy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "script-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export default secureHeaders({ headers: { "content-security-policy": policy } });
