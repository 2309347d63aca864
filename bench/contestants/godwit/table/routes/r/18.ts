import { text } from "@godwit/core";

export const GET = () => text("route 18");
