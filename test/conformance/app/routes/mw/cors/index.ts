import { json } from "@godwit/core";

export const GET = () => json({ cors: true });
export const PUT = () => json({ put: true });
