import { secureHeaders } from "@godwit/core/middleware/secure-headers";

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export default secureHeaders({ headers: { "content-security-policy": policy } });
