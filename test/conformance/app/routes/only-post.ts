import { noContent } from "@godwit/core";

export const POST = () => noContent();
