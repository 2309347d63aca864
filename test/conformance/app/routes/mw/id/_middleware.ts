import { requestId } from "@godwit/core/middleware/request-id";

export default requestId();
