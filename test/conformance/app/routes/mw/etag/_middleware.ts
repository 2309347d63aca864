import { etag } from "@godwit/core/middleware/etag";

export default etag();
