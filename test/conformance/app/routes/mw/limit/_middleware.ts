import { bodyLimit } from "@godwit/core/middleware/body-limit";

export default bodyLimit({ bytes: 1000 });
