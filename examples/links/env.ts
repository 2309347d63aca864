import { defineEnv } from "@godwit/core";
import * as z from "zod";

export default defineEnv({
  vars: { BASE_URL: z.url({ protocol: /^https?$/ }), ADMIN_TOKEN: z.string().min(16) },
  secrets: ["ADMIN_TOKEN"],
});
