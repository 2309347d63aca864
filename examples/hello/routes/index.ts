import { text } from "@godwit/core";

export function GET() {
  return text("Hello. Try /hello/godwit");
}
