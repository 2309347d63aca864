/**
 * The HTTP API before the functions. What is changed in it reaches no client: only a stage does, and a stage serves the
 * deployment that it names (AutoDeploy is off). A deployment is a copy of all routes and integrations, and never changes.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html
 * @module
 */
import type { Api, Stage as ApiStage, Deployment, Integration, Route } from "@aws-sdk/client-apigatewayv2";
import type { AnyKind } from "../../contracts.ts";
import { defineKind } from "../../engine/kind.ts";
import { collect } from "./client.ts";
import { ignore } from "./functions.ts";
import { isOurs } from "./names.ts";
import type { Stage } from "./stage.ts";

export interface LiveApi {
  id: string;
  endpoint: string;
}

export interface OpenedApi extends LiveApi {
  parts: ApiParts;
}

/** Where requests reach one release: a stage of its own, so that no older deployment can answer for it. */
export const candidateStage = (id: string): string => `candidate-${id}`;

export const NOT_FOUND = "NotFoundException";
/** The stage that has the world's traffic, at the root of the API's URL. */
export const LIVE = "$default";
const PAGE = "200";

/** The stage's own, or nothing. Of two, which a lost answer can leave, it is the older one. */
export async function findApi(stage: Stage): Promise<LiveApi | undefined> {
  const { call, names } = stage;
  const apis = await collect(async (NextToken) => {
    const page = await call("apigateway", "GetApis", (api, options) =>
      api.getApis({ MaxResults: PAGE, ...(NextToken && { NextToken }) }, options),
    );
    return { items: page.Items, token: page.NextToken };
  });
  const own = apis.filter(({ Name, Tags }) => Name === names.base && isOurs(names, Tags));
  const [first] = own.sort((a, b) => createdAt(a) - createdAt(b) || ((a.ApiId ?? "") < (b.ApiId ?? "") ? -1 : 1));
  return first && { id: first.ApiId ?? "", endpoint: first.ApiEndpoint ?? "" };
}

const createdAt = ({ CreatedDate }: Api): number => CreatedDate?.getTime() ?? 0;

export function apiKind(stage: Stage): AnyKind {
  const { call, names } = stage;
  return defineKind<null, LiveApi>({
    name: "api",
    phase: "prepare",
    async list() {
      const found = await findApi(stage);
      return new Map(found ? [[names.base, found]] : []);
    },
    diff: () => [],
    async create() {
      const input = {
        Name: names.base,
        ProtocolType: "HTTP" as const,
        Description: `Godwit: ${names.app}, stage ${names.stage}`,
        Tags: names.tags,
      };
      // Names are not unique: without a look, a second attempt would make a second API.
      return call(
        "apigateway",
        "CreateApi",
        async (api, options) => {
          const made = await api.createApi(input, options);
          return { id: made.ApiId ?? "", endpoint: made.ApiEndpoint ?? "" };
        },
        { lookup: () => findApi(stage) },
      );
    },
    update: async (_spec, live) => live,
    async remove(_name, { id: ApiId }) {
      await call("apigateway", "DeleteApi", (api, options) => api.deleteApi({ ApiId }, options), {
        expect: [NOT_FOUND],
      }).catch(ignore(NOT_FOUND));
    },
  });
}

/** The calls for what is in an API. */
export interface ApiParts {
  integrations(): Promise<Integration[]>;
  routes(): Promise<Route[]>;
  stages(): Promise<ApiStage[]>;
  deployments(): Promise<Deployment[]>;
  /** Makes the stage, or lets it serve another deployment: one call either way. */
  setStage(name: string, deployment: string, there: boolean): Promise<void>;
  removeStage(name: string): Promise<void>;
  removeDeployment(id: string): Promise<void>;
}

export function openApi({ call, names }: Stage, ApiId: string): ApiParts {
  const page = (NextToken: string | undefined) => ({ ApiId, MaxResults: PAGE, ...(NextToken && { NextToken }) });
  return {
    integrations: () =>
      collect(async (token) => {
        const found = await call("apigateway", "GetIntegrations", (api, o) => api.getIntegrations(page(token), o));
        return { items: found.Items, token: found.NextToken };
      }),
    routes: () =>
      collect(async (token) => {
        const found = await call("apigateway", "GetRoutes", (api, o) => api.getRoutes(page(token), o));
        return { items: found.Items, token: found.NextToken };
      }),
    stages: () =>
      collect(async (token) => {
        const found = await call("apigateway", "GetStages", (api, o) => api.getStages(page(token), o));
        return { items: found.Items, token: found.NextToken };
      }),
    deployments: () =>
      collect(async (token) => {
        const found = await call("apigateway", "GetDeployments", (api, o) => api.getDeployments(page(token), o));
        return { items: found.Items, token: found.NextToken };
      }),
    async setStage(StageName, DeploymentId, there) {
      const update = () =>
        call("apigateway", "UpdateStage", (api, o) => api.updateStage({ ApiId, StageName, DeploymentId }, o));
      if (there) return void (await update());
      const input = { ApiId, StageName, DeploymentId, AutoDeploy: false, Tags: names.tags };
      const expect = ["ConflictException"];
      const made = await call("apigateway", "CreateStage", (api, o) => api.createStage(input, o), { expect }).catch(
        ignore(...expect),
      );
      if (!made) await update();
    },
    async removeStage(StageName) {
      await call("apigateway", "DeleteStage", (api, o) => api.deleteStage({ ApiId, StageName }, o), {
        expect: [NOT_FOUND],
      }).catch(ignore(NOT_FOUND));
    },
    async removeDeployment(DeploymentId) {
      await call("apigateway", "DeleteDeployment", (api, o) => api.deleteDeployment({ ApiId, DeploymentId }, o), {
        expect: [NOT_FOUND],
      }).catch(ignore(NOT_FOUND));
    },
  };
}
