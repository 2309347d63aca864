import { HttpError, json } from "@godwit/core";

export const POST = async (request: Request) => {
  try {
    return json({ got: await request.json() });
  } catch {
    throw new HttpError(400, { code: "JSON_MALFORMED", detail: "The body is not JSON." });
  }
};
