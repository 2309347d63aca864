import { conforms } from "./run.ts";

conforms({ target: "cloudflare" }, "cloudflare");
