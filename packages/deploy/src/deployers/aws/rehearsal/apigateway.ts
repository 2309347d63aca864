/**
 * API Gateway's HTTP APIs. A deployment copies what is there; a stage serves the one that it names.
 * @module
 */
import { randomBytes } from "node:crypto";
import {
  type ApiState,
  type Context,
  type DeploymentState,
  type Need,
  type Operations,
  type Params,
  paginate,
  Refused,
  text,
} from "./cloud.ts";

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const MOST = { routes: 300, integrations: 300, stages: 10 };

const newId = (): string => randomBytes(5).toString("hex");
const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Permissions are HTTP methods on paths. */
export const on =
  (method: string, path: (params: Params) => string) =>
  ({ region }: Context, params: Params): Need[] => [
    { action: `apigateway:${method}`, resource: `arn:aws:apigateway:${region}::${path(params)}` },
  ];

const within = (part: string) => (params: Params) => `/apis/${text(params.apiId)}${part}`;
const isTagged = ({ tags }: Params): boolean => Object.keys((tags as Params | undefined) ?? {}).length > 0; // an object, by the API
const tagging =
  (path: (params: Params) => string) =>
  (context: Context, params: Params): Need[] =>
    isTagged(params) ? on("TagResource", path)(context, params) : [];

function needApi({ cloud }: Context, { apiId }: Params): ApiState {
  const api = cloud.apis[text(apiId)];
  if (api) return api;
  throw notFound("API", text(apiId));
}

const notFound = (what: string, id: string) =>
  new Refused("NotFoundException", `Invalid ${what} identifier specified ${id}`, 404);
const conflict = (message: string) => new Refused("ConflictException", message, 409);
const bad = (message: string) => new Refused("BadRequestException", message, 400);

function full(what: keyof typeof MOST, count: number): void {
  if (count < MOST[what]) return;
  throw new Refused("TooManyRequestsException", `The quota of ${MOST[what]} ${what} an API is reached.`, 429, {
    limitType: `${what} per API`,
  });
}

const showApi = ({ host }: Context, { id, name, description, tags, at, port }: ApiState): Params => ({
  apiId: id,
  name,
  description,
  tags,
  createdDate: time(at),
  protocolType: "HTTP",
  apiEndpoint: `http://${host}:${port}`,
  routeSelectionExpression: "$request.method $request.path",
  apiKeySelectionExpression: "$request.header.x-api-key",
  disableExecuteApiEndpoint: false,
});

const showStage = (name: string, { deployment, at, updated, tags }: ApiState["stages"][string]): Params => ({
  stageName: name,
  ...(deployment && { deploymentId: deployment }),
  autoDeploy: false,
  createdDate: time(at),
  lastUpdatedDate: time(updated),
  tags,
  defaultRouteSettings: { detailedMetricsEnabled: false },
  stageVariables: {},
  routeSettings: {},
});

const showDeployment = (id: string, { description, at }: DeploymentState): Params => ({
  deploymentId: id,
  description,
  createdDate: time(at),
  deploymentStatus: "DEPLOYED",
  autoDeployed: false,
});

const showRoute = (id: string, { key, target }: { key: string; target: string }): Params => ({
  routeId: id,
  routeKey: key,
  target,
  apiKeyRequired: false,
  authorizationType: "NONE",
});

function checkTarget(api: ApiState, target: unknown): string {
  const id = text(target).replace("integrations/", "");
  if (!api.integrations[id]) throw notFound("Integration", id);
  return text(target);
}

function checkDeployment(api: ApiState, id: unknown): string {
  if (!api.deployments[text(id)]) throw notFound("Deployment", text(id));
  return text(id);
}

const page = (all: readonly unknown[], { nextToken, maxResults }: Params): Params => {
  const { items, next } = paginate(all, nextToken, Number(maxResults) || 25);
  return { items, ...(next && { nextToken: next }) };
};

export const apiOperations: Operations = {
  GetApis: {
    needs: on("GET", () => "/apis"),
    run: (context, params) =>
      page(
        Object.values(context.cloud.apis).map((api) => showApi(context, api)),
        params,
      ),
  },
  GetApi: { needs: on("GET", within("")), run: (context, params) => showApi(context, needApi(context, params)) },
  CreateApi: {
    status: 201,
    needs: (context, params) => [
      ...on("POST", () => "/apis")(context, params),
      ...tagging(() => "/apis")(context, params),
    ],
    async run(context, { name, description, tags }) {
      const id = newId();
      const port = await context.listen("api", id, 0);
      const api: ApiState = {
        id,
        port,
        name: text(name),
        description: text(description),
        tags: (tags as Record<string, string> | undefined) ?? {}, // a map of texts, by the API
        at: context.clock.now(),
        routes: {},
        integrations: {},
        stages: {},
        deployments: {},
      };
      context.cloud.apis[id] = api;
      return showApi(context, api);
    },
  },
  DeleteApi: {
    status: 204,
    needs: on("DELETE", within("")),
    run(context, params) {
      delete context.cloud.apis[needApi(context, params).id];
    },
  },
  GetIntegrations: {
    needs: on("GET", within("/integrations")),
    run: (context, params) => page(Object.values(needApi(context, params).integrations), params),
  },
  CreateIntegration: {
    status: 201,
    needs: on("POST", within("/integrations")),
    run(context, { apiId, ...rest }) {
      const api = needApi(context, { apiId });
      full("integrations", Object.keys(api.integrations).length);
      const integrationId = newId();
      const made = { ...rest, integrationId, connectionType: "INTERNET" };
      api.integrations[integrationId] = made;
      return made;
    },
  },
  UpdateIntegration: {
    needs: on("PATCH", ({ apiId, integrationId }) => `/apis/${text(apiId)}/integrations/${text(integrationId)}`),
    run(context, { apiId, ...rest }) {
      const api = needApi(context, { apiId });
      const id = text(rest.integrationId);
      const known = api.integrations[id];
      if (!known) throw notFound("Integration", id);
      return Object.assign(known, rest);
    },
  },
  DeleteIntegration: {
    status: 204,
    needs: on("DELETE", ({ apiId, integrationId }) => `/apis/${text(apiId)}/integrations/${text(integrationId)}`),
    run(context, params) {
      const api = needApi(context, params);
      const id = text(params.integrationId);
      if (!api.integrations[id]) throw notFound("Integration", id);
      const used = Object.values(api.routes).find(({ target }) => target === `integrations/${id}`);
      if (used) throw conflict(`Cannot delete Integration. Route ${used.key} uses it.`);
      delete api.integrations[id];
    },
  },
  GetRoutes: {
    needs: on("GET", within("/routes")),
    run: (context, params) =>
      page(
        Object.entries(needApi(context, params).routes).map(([id, route]) => showRoute(id, route)),
        params,
      ),
  },
  CreateRoute: {
    status: 201,
    needs: on("POST", within("/routes")),
    run(context, params) {
      const api = needApi(context, params);
      const key = text(params.routeKey);
      if (Object.values(api.routes).some((route) => route.key === key)) {
        throw conflict(`Route with key ${key} already exists for this API`);
      }
      full("routes", Object.keys(api.routes).length);
      const route = { key, target: checkTarget(api, params.target) };
      const id = newId();
      api.routes[id] = route;
      return showRoute(id, route);
    },
  },
  UpdateRoute: {
    needs: on("PATCH", ({ apiId, routeId }) => `/apis/${text(apiId)}/routes/${text(routeId)}`),
    run(context, params) {
      const api = needApi(context, params);
      const id = text(params.routeId);
      const route = api.routes[id];
      if (!route) throw notFound("Route", id);
      if (params.target !== undefined) route.target = checkTarget(api, params.target);
      return showRoute(id, route);
    },
  },
  DeleteRoute: {
    status: 204,
    needs: on("DELETE", ({ apiId, routeId }) => `/apis/${text(apiId)}/routes/${text(routeId)}`),
    run(context, params) {
      const api = needApi(context, params);
      const id = text(params.routeId);
      if (!api.routes[id]) throw notFound("Route", id);
      delete api.routes[id];
    },
  },
  GetDeployments: {
    needs: on("GET", within("/deployments")),
    run: (context, params) =>
      page(
        Object.entries(needApi(context, params).deployments).map(([id, one]) => showDeployment(id, one)),
        params,
      ),
  },
  CreateDeployment: {
    status: 201,
    needs: on("POST", within("/deployments")),
    run(context, params) {
      const api = needApi(context, params);
      const routes = Object.values(api.routes).map(({ key, target }) => {
        const uri = api.integrations[target.replace("integrations/", "")]?.integrationUri;
        return [key, text(uri)] as const;
      });
      if (routes.length === 0) throw bad("Unable to deploy API because no routes exist in this API");
      const id = newId();
      const made = {
        description: text(params.description),
        at: context.clock.now(),
        routes: Object.fromEntries(routes),
      };
      api.deployments[id] = made;
      return showDeployment(id, made);
    },
  },
  DeleteDeployment: {
    status: 204,
    needs: on("DELETE", ({ apiId, deploymentId }) => `/apis/${text(apiId)}/deployments/${text(deploymentId)}`),
    run(context, params) {
      const api = needApi(context, params);
      const id = checkDeployment(api, params.deploymentId);
      if (Object.values(api.stages).some(({ deployment }) => deployment === id)) {
        throw bad("Active stages pointing to this deployment must be moved or deleted");
      }
      delete api.deployments[id];
    },
  },
  GetStages: {
    needs: on("GET", within("/stages")),
    run: (context, params) =>
      page(
        Object.entries(needApi(context, params).stages).map(([name, one]) => showStage(name, one)),
        params,
      ),
  },
  CreateStage: {
    status: 201,
    needs: (context, params) => [
      ...on("POST", within("/stages"))(context, params),
      ...tagging(within("/stages"))(context, params),
    ],
    run(context, params) {
      const api = needApi(context, params);
      const name = text(params.stageName);
      if (api.stages[name]) throw conflict("Stage already exists");
      full("stages", Object.keys(api.stages).length);
      const deployment = params.deploymentId === undefined ? undefined : checkDeployment(api, params.deploymentId);
      const at = context.clock.now();
      const tags = (params.tags as Record<string, string> | undefined) ?? {}; // a map of texts, by the API
      const made = { ...(deployment && { deployment }), at, updated: at, tags };
      api.stages[name] = made;
      return showStage(name, made);
    },
  },
  UpdateStage: {
    needs: on("PATCH", ({ apiId, stageName }) => `/apis/${text(apiId)}/stages/${text(stageName)}`),
    run(context, params) {
      const api = needApi(context, params);
      const name = text(params.stageName);
      const stage = api.stages[name];
      if (!stage) throw notFound("stage", name);
      if (params.deploymentId !== undefined) stage.deployment = checkDeployment(api, params.deploymentId);
      stage.updated = context.clock.now();
      return showStage(name, stage);
    },
  },
  DeleteStage: {
    status: 204,
    needs: on("DELETE", ({ apiId, stageName }) => `/apis/${text(apiId)}/stages/${text(stageName)}`),
    run(context, params) {
      const api = needApi(context, params);
      const name = text(params.stageName);
      if (!api.stages[name]) throw notFound("stage", name);
      delete api.stages[name];
    },
  },
};
