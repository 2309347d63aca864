import { json } from "@godwit/core";

export const POST = async (request: Request) => {
  const copy = request.clone();
  return json([await request.text(), await copy.text()]);
};
