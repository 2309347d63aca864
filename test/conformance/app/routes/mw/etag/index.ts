import { text } from "@godwit/core";

export const GET = () => text("tagged", { headers: { "cache-control": "max-age=60" } });
