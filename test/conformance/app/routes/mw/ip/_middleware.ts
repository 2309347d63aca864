import { ipRestriction } from "@godwit/core/middleware/ip-restriction";

export default ipRestriction({ allow: ["10.0.0.0/8"] });
