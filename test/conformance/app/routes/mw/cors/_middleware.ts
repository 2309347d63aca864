import { cors } from "@godwit/core/middleware/cors";

export default cors({ origin: ["https://app.example"], credentials: true, maxAge: 600 });
