/**
 * Routes and integrations of the API, as the next deployment will copy them. The plan shows them as one resource.
 * @module
 */
import type { Integration, Route } from "@aws-sdk/client-apigatewayv2";
import type { FrontRoute } from "@godwit/core/manifest";
import type { AnyKind, Change } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { type ApiParts, findApi, NOT_FOUND, openApi } from "./api.ts";
import { ignore } from "./functions.ts";
import type { Stage } from "./stage.ts";

/** Route -> function's id. */
export type RouteMap = Readonly<Record<string, string>>;

export const toRouteMap = (routes: readonly FrontRoute[]): RouteMap =>
  Object.fromEntries(routes.map((route) => [route.match, route.function]));

export function routesKind(stage: Stage): AnyKind {
  return defineKind<RouteMap, RouteMap>({
    name: "routes",
    phase: "prepare",
    async list() {
      const api = await findApi(stage);
      if (!api) return new Map();
      const parts = openApi(stage, api.id);
      const [integrations, routes] = await Promise.all([parts.integrations(), parts.routes()]);
      const functions = new Map(integrations.map((one) => [one.IntegrationId, readIntegration(one)?.id ?? "?"]));
      const live = routes.map(({ RouteKey = "", Target = "" }) => [
        RouteKey,
        functions.get(integrationOf(Target)) ?? "?",
      ]);
      return routes.length > 0 ? new Map([[stage.names.base, Object.fromEntries(live)]]) : new Map();
    },
    diff: (value, live) =>
      [...new Set([...Object.keys(value), ...Object.keys(live)])].sort().flatMap((path): Change[] => {
        const [to, from] = [value[path], live[path]];
        return to === from ? [] : [{ path, ...(from && { from }), ...(to && { to }) }];
      }),
    // They are part of a release: it writes them, once it knows which versions they lead to, and takes its copy.
    create: async ({ value }) => value,
    update: async ({ value }) => value,
  });
}

const integrationOf = (target: string): string => target.replace(/^integrations\//, "");

/** An integration's description says whose function it calls, and in which state that was published. */
const describe = (id: string, mark: string): string => `godwit ${id} ${mark}`;

interface Own {
  id: string;
  mark: string;
  /** The function's version, where the integration names one; a canary's names an alias. */
  version?: string;
}

export function readIntegration({ Description = "", IntegrationUri = "" }: Integration): Own | undefined {
  const [, id, mark = ""] = /^godwit (\S+) (.*)$/.exec(Description) ?? [];
  const [, version] = /:function:[^:]+:(\d+)(?:\/|$)/.exec(IntegrationUri) ?? [];
  return id === undefined ? undefined : { id, mark, ...(version && { version }) };
}

export interface Target {
  id: string;
  mark: string;
  /** The ARN of a version or an alias. */
  uri: string;
}

/** Milliseconds that API Gateway waits for a function, at most 30,000. */
const PATIENCE = 30_000;

/** Makes integrations lead to these. Gives the integration's id by function. */
export async function writeIntegrations(
  { call }: Stage,
  ApiId: string,
  existing: readonly Integration[],
  targets: readonly Target[],
  parts: ApiParts,
): Promise<Map<string, string>> {
  const known = new Map<string, Integration>();
  for (const one of existing) {
    const own = readIntegration(one);
    if (own && !known.has(own.id)) known.set(own.id, one);
  }
  const written = targets.map(async ({ id, mark, uri: IntegrationUri }) => {
    const found = known.get(id);
    const Description = describe(id, mark);
    const IntegrationId = found?.IntegrationId;
    if (!IntegrationId) {
      const input = {
        ApiId,
        IntegrationType: "AWS_PROXY" as const,
        IntegrationMethod: "POST",
        IntegrationUri,
        PayloadFormatVersion: "2.0",
        TimeoutInMillis: PATIENCE,
        Description,
      };
      const made = await call("apigateway", "CreateIntegration", (api, o) => api.createIntegration(input, o), {
        lookup: async () => (await parts.integrations()).find((one) => one.Description === Description),
      });
      return [id, made.IntegrationId ?? ""] as const;
    }
    if (found.IntegrationUri !== IntegrationUri || found.Description !== Description) {
      const input = { ApiId, IntegrationId, IntegrationUri, Description };
      await call("apigateway", "UpdateIntegration", (api, o) => api.updateIntegration(input, o));
    }
    return [id, IntegrationId] as const;
  });
  return new Map(await Promise.all(written));
}

/** Makes the routes these and no others; then integrations that none leads to are gone. */
export async function writeRoutes(
  { call }: Stage,
  ApiId: string,
  existing: { routes: readonly Route[]; integrations: readonly Integration[] },
  routes: RouteMap,
  integrations: ReadonlyMap<string, string>,
): Promise<void> {
  const known = new Map(existing.routes.map((one) => [one.RouteKey ?? "", one]));
  const wanted = Object.entries(routes).map(async ([RouteKey, fn]) => {
    const Target = `integrations/${integrations.get(fn)}`;
    const found = known.get(RouteKey);
    const change = (RouteId: string) =>
      call("apigateway", "UpdateRoute", (api, o) => api.updateRoute({ ApiId, RouteId, Target }, o));
    if (found?.RouteId) return found.Target === Target ? undefined : change(found.RouteId);
    return call("apigateway", "CreateRoute", (api, o) => api.createRoute({ ApiId, RouteKey, Target }, o), {
      expect: ["ConflictException"],
    }).catch(ignore("ConflictException"));
  });
  await Promise.all(wanted);
  const expect = [NOT_FOUND];
  const gone = existing.routes.filter(({ RouteKey = "" }) => !Object.hasOwn(routes, RouteKey));
  await Promise.all(
    gone.map(({ RouteId }) =>
      call("apigateway", "DeleteRoute", (api, o) => api.deleteRoute({ ApiId, RouteId }, o), { expect }).catch(
        ignore(NOT_FOUND),
      ),
    ),
  );
  const used = new Set(integrations.values());
  const orphans = existing.integrations.filter(({ IntegrationId = "" }) => !used.has(IntegrationId));
  await Promise.all(
    orphans.map(({ IntegrationId }) =>
      call("apigateway", "DeleteIntegration", (api, o) => api.deleteIntegration({ ApiId, IntegrationId }, o), {
        expect,
      }).catch(ignore(NOT_FOUND)),
    ),
  );
}
