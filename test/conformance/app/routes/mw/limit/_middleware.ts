import { bodyLimit } from "@godwit/core/middleware/body-limit";

export default bodyLimit({ max: 1000 });
