import { text } from "@godwit/core";

export const POST = () => text("not read");
