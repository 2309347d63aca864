/**
 * Which zone of the account a host belongs to.
 * @module
 */
import { placeUnknown } from "../../engine/errors.ts";
import type { Stage } from "./stage.ts";

export const ZONES = "Workers Routes: Edit, and Zone: Read, on the zone";

interface Zone {
  id: string;
  name: string;
}

/** `host` may be a route's pattern. Throws DEPLOY_PLACE_UNKNOWN where no zone of the account has it. */
export async function findZone({ client, account }: Stage, host: string): Promise<Zone> {
  const name = host
    .replace(/^https?:\/\//, "")
    .replace(/^\*\.?/, "")
    .replace(/[/:].*$/, "");
  const labels = name.split(".");
  for (let from = 0; from < labels.length - 1; from++) {
    const parent = labels.slice(from).join(".");
    const query = { name: parent, "account.id": account };
    const [zone] = await client.get<Zone[]>({ name: "find a zone", path: "/zones", query, scope: ZONES });
    if (zone) return zone;
  }
  throw placeUnknown(
    `No zone of the account has ${name}.`,
    "Add the domain to Cloudflare, give the token “Zone: Read” on it, or name the zone beside the pattern.",
  );
}
