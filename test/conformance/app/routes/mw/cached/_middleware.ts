import { cache } from "@godwit/core/middleware/cache";

export default cache({ ttl: 600 });
