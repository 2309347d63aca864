import { json } from "@godwit/core";

export const POST = async (request: Request) => {
  const fields = [];
  for (const [name, value] of await request.formData()) {
    if (typeof value === "string") fields.push([name, value]);
    else fields.push([name, value.name, value.type, value.size]);
  }
  return json(fields);
};
