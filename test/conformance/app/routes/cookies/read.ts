import { json } from "@godwit/core";

export const GET = (request: Request) => json(request.headers.get("cookie"));
