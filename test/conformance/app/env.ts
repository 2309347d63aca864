import { defineEnv } from "@godwit/core";
import * as z from "zod";

export default defineEnv({
  vars: {
    GREETING: z.string().default("hello"),
    LIMIT: z.coerce.number().default(7),
    TOKEN: z.string().default("unset-token"),
  },
  secrets: ["TOKEN"],
});
