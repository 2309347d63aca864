/**
 * What the app `full` does in every framework: a token, a rate limit, a body that is checked.
 * @module
 */
import * as z from "zod";

const SECRET = "a secret of the yardstick";

const Item = z.object({ name: z.string().min(1), tags: z.array(z.string()).max(5) });

export const parse = (value) => Item.safeParse(value);

let key;

/** The claims of a token of HS256; undefined for one that is not ours or has expired. */
export async function verify(authorization) {
  const [head, claims, signature] = (authorization ?? "").replace(/^Bearer /, "").split(".");
  if (!signature) return undefined;
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  key ??= await crypto.subtle.importKey("raw", encoder.encode(SECRET), algorithm, false, ["verify"]);
  const signed = encoder.encode(`${head}.${claims}`);
  if (!(await crypto.subtle.verify("HMAC", key, decode(signature), signed))) return undefined;
  const read = (part) => JSON.parse(new TextDecoder().decode(decode(part)));
  const { exp, ...rest } = read(claims);
  return read(head).alg === "HS256" && exp * 1000 > Date.now() ? rest : undefined;
}

const decode = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));

const windows = new Map();

/** Whether one more call of this caller fits into its minute. */
export function admit(caller) {
  const minute = Math.floor(Date.now() / 60_000);
  const window = windows.get(caller);
  if (window?.minute !== minute) windows.set(caller, { minute, calls: 1 });
  else if (++window.calls > 1000) return false;
  return true;
}
