/**
 * Which account: the one that is named, or the only one that the token is for.
 * @module
 */
import { credentialsMissing, placeUnknown } from "../../engine/errors.ts";
import type { Client } from "./client.ts";

/** Rejects with DEPLOY_CREDENTIALS_MISSING where the token is for several, or for none. */
export async function findAccount(client: Client, given: string | undefined): Promise<string> {
  if (given) {
    if (/^[0-9a-f]{32}$/.test(given)) return given;
    throw placeUnknown(
      `CLOUDFLARE_ACCOUNT_ID is ${JSON.stringify(given)}, and an account's id is 32 hexadecimal digits.`,
      "It is in the dashboard's address: https://dash.cloudflare.com/<id>.",
    );
  }
  const accounts = await client.get<{ id: string; name: string }[]>({
    name: "list the accounts",
    path: "/accounts",
    query: { per_page: "50" },
    scope: "Account Settings: Read",
  });
  const [only, ...others] = accounts;
  if (only && others.length === 0) return only.id;
  const known = accounts.map(({ id, name }) => `${id} (${name})`).join(", ");
  throw credentialsMissing(
    known ? `The token is for several accounts: ${known}.` : "The token is for no account.",
    known
      ? "Set CLOUDFLARE_ACCOUNT_ID to the one to deploy to."
      : "Give it the permissions of docs/deploy/cloudflare.md on an account, at https://dash.cloudflare.com/profile/api-tokens, and set CLOUDFLARE_ACCOUNT_ID.",
  );
}
