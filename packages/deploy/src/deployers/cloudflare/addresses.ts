/**
 * Where the world reaches the Worker: workers.dev, custom domains, routes of zones. Cloudflare does not version them, so
 * they are set after the switch.
 * @module
 */
import type { AnyKind, Spec } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import { ROUTE_TAKEN } from "./failures.ts";
import { frontWorker, type Stage } from "./stage.ts";
import { listScripts, readSubdomain, SCRIPTS, type Subdomain } from "./state.ts";
import { findZone, ZONES } from "./zones.ts";

interface Domain {
  id: string;
  hostname: string;
  service: string;
}

interface Route {
  pattern: string;
}

/** Whether it answers on workers.dev, and under an address for each version. */
export interface DevValue {
  enabled: boolean;
  previews: boolean;
}

/** Other stages have no addresses of production's, and would have none at all. */
export function devOf(stage: Stage): DevValue {
  const { routes, domains } = stage.addresses;
  const { workers_dev, preview_urls } = frontWorker(stage)?.wrangler ?? {};
  return { enabled: workers_dev || routes.length + domains.length === 0, previews: preview_urls ?? false };
}

export function addressSpecs(stage: Stage): Spec[] {
  if (!frontWorker(stage)) return [];
  const { routes, domains } = stage.addresses;
  const own: Spec[] = [
    ...domains.map((name) => ({ kind: "domain", name, value: {} })),
    ...routes.map(({ pattern, zone }) => ({ kind: "route", name: pattern, value: { zone } })),
  ];
  // Last, so that there is an address at any time while one replaces another.
  const after = own.map(({ kind, name }) => `${kind}/${name}`);
  return [...own, { kind: "workers.dev", name: stage.script, after, value: devOf(stage) }];
}

export function addressKinds(stage: Stage): AnyKind[] {
  return [devKind(stage), domainKind(stage), routeKind(stage)];
}

function devKind(stage: Stage): AnyKind {
  const { client, account, script } = stage;
  const set = async (value: DevValue): Promise<Subdomain> => {
    await client.call<unknown>({
      name: "set workers.dev",
      method: "POST",
      path: `/accounts/${account}/workers/scripts/${script}/subdomain`,
      json: { enabled: value.enabled, previews_enabled: value.previews },
      scope: SCRIPTS,
    });
    return { enabled: value.enabled, previews_enabled: value.previews };
  };
  return defineKind<DevValue, Subdomain>({
    name: "workers.dev",
    phase: "settle",
    async list() {
      const live = await readSubdomain(stage);
      return new Map(live ? [[script, live]] : []);
    },
    diff(value, live) {
      const words = (on: boolean | undefined): string => (on ? "on" : "off");
      return [
        ...(value.enabled === live.enabled
          ? []
          : [{ path: "address", from: words(live.enabled), to: words(value.enabled) }]),
        ...(value.previews === (live.previews_enabled ?? false)
          ? []
          : [{ path: "preview addresses", from: words(live.previews_enabled), to: words(value.previews) }]),
      ];
    },
    create: (spec) => set(spec.value),
    update: (spec) => set(spec.value),
  });
}

export async function listDomains({ client, account, script }: Stage): Promise<Domain[]> {
  const found = await client.get<Domain[] | null>({
    name: "list the custom domains",
    path: `/accounts/${account}/workers/domains`,
    query: { service: script },
    scope: SCRIPTS,
  });
  return (found ?? []).filter(({ service }) => service === script);
}

function domainKind(stage: Stage): AnyKind {
  const { client, account, script } = stage;
  const path = `/accounts/${account}/workers/domains`;
  return defineKind<unknown, Domain>({
    name: "domain",
    phase: "settle",
    list: async () => new Map((await listDomains(stage)).map((one) => [one.hostname, one])),
    diff: () => [],
    async create({ name }) {
      // The call that sets a domain would take it from another Worker without a word.
      const query = { hostname: name };
      const taken = await client.get<Domain[] | null>({ name: "find a custom domain", path, query, scope: SCRIPTS });
      const other = taken?.find(({ hostname, service }) => hostname === name && service !== script);
      if (other) {
        throw nameTaken(
          `${name} leads to the Worker ${other.service}.`,
          "Take it from there in the dashboard first, or name another domain.",
        );
      }
      const zone = await findZone(stage, name);
      return client.call<Domain>({
        name: "set a custom domain",
        method: "PUT",
        path,
        json: { hostname: name, service: script, zone_id: zone.id },
        scope: SCRIPTS,
      });
    },
    update: async (_spec, live) => live,
    async remove(_name, { id }) {
      await client.call<unknown>({
        name: "remove a custom domain",
        method: "DELETE",
        path: `${path}/${id}`,
        scope: SCRIPTS,
        absent: [],
      });
    },
  });
}

function routeKind(stage: Stage): AnyKind {
  const { client, script } = stage;
  interface ZoneRoute {
    id: string;
    pattern: string;
    script?: string;
  }
  const routesOf = (zone: string): Promise<ZoneRoute[] | null> =>
    client.get({ name: "list a zone's routes", path: `/zones/${zone}/workers/routes`, scope: ZONES });
  return defineKind<{ zone?: string }, Route>({
    name: "route",
    phase: "settle",
    async list() {
      const own = (await listScripts(stage)).find(({ id }) => id === script);
      return new Map((own?.routes ?? []).map(({ pattern }) => [pattern, { pattern }]));
    },
    diff: () => [],
    async create({ name, value }) {
      const zone = await findZone(stage, value.zone ?? name);
      const made = await client.call<object | undefined>({
        name: "set a route",
        method: "POST",
        path: `/zones/${zone.id}/workers/routes`,
        json: { pattern: name, script },
        scope: ZONES,
        absent: [ROUTE_TAKEN],
      });
      const taken = made ? undefined : (await routesOf(zone.id))?.find(({ pattern }) => pattern === name);
      if (taken && taken.script !== script) {
        throw nameTaken(
          `The route ${name} leads to ${taken.script ?? "no Worker"}.`,
          "Remove it in the dashboard first, or name another pattern.",
        );
      }
      return { pattern: name };
    },
    update: async (_spec, live) => live,
    async remove(name) {
      const zone = await findZone(stage, name);
      const found = (await routesOf(zone.id))?.find((one) => one.pattern === name && one.script === script);
      if (!found) return;
      await client.call<unknown>({
        name: "remove a route",
        method: "DELETE",
        path: `/zones/${zone.id}/workers/routes/${found.id}`,
        scope: ZONES,
        absent: [],
      });
    },
  });
}
