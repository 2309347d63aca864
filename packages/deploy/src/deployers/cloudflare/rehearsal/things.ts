/**
 * What Workers are bound to, and where they answer: KV, R2, D1, queues, domains, zones and their routes.
 * @module
 */
import { hexId, newId, type Parts, Refusal, type Request, readJson } from "./records.ts";

export function listNamespaces({ state }: Parts, { query }: Request): unknown {
  const size = Number(query.get("per_page") ?? 20);
  const from = (Number(query.get("page") ?? 1) - 1) * size;
  return state.data.namespaces
    .slice(from, from + size)
    .map(({ id, title }) => ({ id, title, supports_url_encoding: true }));
}

export async function createNamespace({ state }: Parts, request: Request): Promise<unknown> {
  const { title = "" } = readJson<{ title: string }>(request);
  if (state.data.namespaces.some((one) => one.title === title)) {
    throw new Refusal(400, 10014, "A namespace with this account ID and title already exists.");
  }
  const made = { id: hexId(), title, values: {} };
  state.data.namespaces.push(made);
  await state.save();
  return { id: made.id, title, supports_url_encoding: true };
}

function namespaceOf(
  { state }: Parts,
  id: string | undefined,
): { id: string; title: string; values: Record<string, string> } {
  const found = state.data.namespaces.find((one) => one.id === id);
  if (!found) throw new Refusal(404, 10013, "There is no such namespace.");
  return found;
}

export function readNamespace(parts: Parts, { args: [, id] }: Request): unknown {
  const { title } = namespaceOf(parts, id);
  return { id, title };
}

export async function removeNamespace(parts: Parts, { args: [, id] }: Request): Promise<unknown> {
  namespaceOf(parts, id);
  const { data } = parts.state;
  data.namespaces = data.namespaces.filter((one) => one.id !== id);
  await parts.state.save();
  return null;
}

/** Without the envelope. */
export function readValue(parts: Parts, { args: [, id, key = ""] }: Request): string {
  const value = namespaceOf(parts, id).values[key];
  if (value === undefined) throw new Refusal(404, 10009, "There is no such key.");
  return value;
}

export async function writeValue(parts: Parts, { args: [, id, key = ""], body }: Request): Promise<unknown> {
  namespaceOf(parts, id).values[key] = body.toString("utf8");
  await parts.state.save();
  return null;
}

export function readBucket({ state }: Parts, { args: [, name] }: Request): unknown {
  const found = state.data.buckets.find((one) => one.name === name);
  if (!found) throw new Refusal(404, 10006, "The specified bucket does not exist.");
  return found;
}

export async function createBucket({ state, now }: Parts, request: Request): Promise<unknown> {
  const { name = "" } = readJson<{ name: string }>(request);
  if (state.data.buckets.some((one) => one.name === name)) throw new Refusal(409, 10004, "The bucket exists already.");
  const made = { name, creation_date: now().toISOString() };
  state.data.buckets.push(made);
  await state.save();
  return made;
}

export function listDatabases({ state }: Parts, { query }: Request): unknown {
  const name = query.get("name");
  return state.data.databases.filter((one) => name === null || one.name.includes(name));
}

export async function createDatabase({ state, now }: Parts, request: Request): Promise<unknown> {
  const { name = "" } = readJson<{ name: string }>(request);
  if (state.data.databases.some((one) => one.name === name)) {
    throw new Refusal(400, 7502, `A database with the name ${name} exists already.`);
  }
  const made = { uuid: newId(), name, created_at: now().toISOString() };
  state.data.databases.push(made);
  await state.save();
  return made;
}

export function listQueues({ state }: Parts, { query }: Request): unknown {
  const name = query.get("name");
  return state.data.queues.filter((one) => name === null || one.queue_name === name);
}

export async function createQueue({ state, now }: Parts, request: Request): Promise<unknown> {
  const { queue_name = "" } = readJson<{ queue_name: string }>(request);
  if (state.data.queues.some((one) => one.queue_name === queue_name)) {
    throw new Refusal(409, 11009, `The queue ${queue_name} exists already.`);
  }
  const made = { queue_id: hexId(), queue_name, created_on: now().toISOString() };
  state.data.queues.push(made);
  await state.save();
  return made;
}

/** Every domain of two labels is a zone of the account; its id is made of its name. */
export function listZones({ state }: Parts, { query }: Request): unknown {
  const name = query.get("name") ?? "";
  if (!/^[\w-]+\.[\w-]+$/.test(name)) return [];
  return [{ id: zoneId(name), name, status: "active", account: { id: state.data.account } }];
}

function zoneId(name: string): string {
  return Buffer.from(name).toString("hex").padEnd(32, "0").slice(0, 32);
}

export function listRoutes({ state }: Parts, { args: [zone] }: Request): unknown {
  return state.data.routes
    .filter((one) => one.zone === zone)
    .map(({ id, pattern, script }) => ({ id, pattern, script }));
}

export async function createRoute({ state }: Parts, request: Request): Promise<unknown> {
  const { pattern = "", script = "" } = readJson<{ pattern: string; script: string }>(request);
  if (state.data.routes.some((one) => one.pattern === pattern)) {
    throw new Refusal(409, 10020, "A route with the same pattern already exists.");
  }
  const made = { id: hexId(), pattern, script, zone: request.args[0] ?? "" };
  state.data.routes.push(made);
  await state.save();
  return { id: made.id, pattern, script };
}

export async function removeRoute({ state }: Parts, { args: [, id] }: Request): Promise<unknown> {
  if (!state.data.routes.some((one) => one.id === id)) throw new Refusal(404, 10005, "There is no such route.");
  state.data.routes = state.data.routes.filter((one) => one.id !== id);
  await state.save();
  return { id };
}

export function listDomains({ state }: Parts, { query }: Request): unknown {
  const [service, hostname] = [query.get("service"), query.get("hostname")];
  return state.data.domains.filter(
    (one) => (service === null || one.service === service) && (hostname === null || one.hostname === hostname),
  );
}

export async function setDomain({ state }: Parts, request: Request): Promise<unknown> {
  const {
    hostname = "",
    service = "",
    zone_id = "",
  } = readJson<{ hostname: string; service: string; zone_id: string }>(request);
  const zone_name = hostname.split(".").slice(-2).join(".");
  const made = { id: hexId(), cert_id: newId(), hostname, service, environment: "production", zone_id, zone_name };
  state.data.domains = [...state.data.domains.filter((one) => one.hostname !== hostname), made];
  await state.save();
  return made;
}

export async function removeDomain({ state }: Parts, { args: [, id] }: Request): Promise<unknown> {
  state.data.domains = state.data.domains.filter((one) => one.id !== id);
  await state.save();
  return null;
}
