import { stream } from "@godwit/core";

async function* words() {
  for (const word of ["one ", "two ", "three"]) {
    yield word;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

export const GET = () => stream(words(), { headers: { "content-type": "application/octet-stream" } });
