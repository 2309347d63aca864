import { secureHeaders } from "@godwit/core/middleware/secure-headers";

export default secureHeaders();
