import { HttpError, json } from "@godwit/core";
import { parse } from "../../../_shared/full.js";

export async function POST(request: Request): Promise<Response> {
  const { success, data } = parse(await request.json());
  if (!success) throw new HttpError(400);
  return json({ item: data });
}
