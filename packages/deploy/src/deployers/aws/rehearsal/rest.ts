/**
 * Methods and paths of the services that are REST: Lambda, API Gateway v2, S3.
 * @module
 */
import type { Call } from "../../../rehearsal/server.ts";
import { type Params, parse } from "./cloud.ts";

/** `{Name}` is one segment, `{Name+}` the rest. */
const ROUTES: Record<string, readonly (readonly [route: string, action: string])[]> = {
  lambda: [
    ["POST /2015-03-31/functions", "CreateFunction"],
    ["GET /2015-03-31/functions", "ListFunctions"],
    ["GET /2015-03-31/functions/{FunctionName}", "GetFunction"],
    ["DELETE /2015-03-31/functions/{FunctionName}", "DeleteFunction"],
    ["GET /2015-03-31/functions/{FunctionName}/configuration", "GetFunctionConfiguration"],
    ["PUT /2015-03-31/functions/{FunctionName}/configuration", "UpdateFunctionConfiguration"],
    ["PUT /2015-03-31/functions/{FunctionName}/code", "UpdateFunctionCode"],
    ["GET /2015-03-31/functions/{FunctionName}/versions", "ListVersionsByFunction"],
    ["POST /2015-03-31/functions/{FunctionName}/versions", "PublishVersion"],
    ["GET /2015-03-31/functions/{FunctionName}/aliases", "ListAliases"],
    ["POST /2015-03-31/functions/{FunctionName}/aliases", "CreateAlias"],
    ["GET /2015-03-31/functions/{FunctionName}/aliases/{Name}", "GetAlias"],
    ["PUT /2015-03-31/functions/{FunctionName}/aliases/{Name}", "UpdateAlias"],
    ["DELETE /2015-03-31/functions/{FunctionName}/aliases/{Name}", "DeleteAlias"],
    ["GET /2015-03-31/functions/{FunctionName}/policy", "GetPolicy"],
    ["POST /2015-03-31/functions/{FunctionName}/policy", "AddPermission"],
    ["POST /2021-10-31/functions/{FunctionName}/url", "CreateFunctionUrlConfig"],
    ["GET /2021-10-31/functions/{FunctionName}/url", "GetFunctionUrlConfig"],
    ["PUT /2021-10-31/functions/{FunctionName}/url", "UpdateFunctionUrlConfig"],
    ["DELETE /2021-10-31/functions/{FunctionName}/url", "DeleteFunctionUrlConfig"],
    ["GET /2017-03-31/tags/{Resource+}", "ListTags"],
  ],
  apigateway: [
    ["POST /v2/apis", "CreateApi"],
    ["GET /v2/apis", "GetApis"],
    ["GET /v2/apis/{apiId}", "GetApi"],
    ["DELETE /v2/apis/{apiId}", "DeleteApi"],
    ["POST /v2/apis/{apiId}/integrations", "CreateIntegration"],
    ["GET /v2/apis/{apiId}/integrations", "GetIntegrations"],
    ["PATCH /v2/apis/{apiId}/integrations/{integrationId}", "UpdateIntegration"],
    ["DELETE /v2/apis/{apiId}/integrations/{integrationId}", "DeleteIntegration"],
    ["POST /v2/apis/{apiId}/routes", "CreateRoute"],
    ["GET /v2/apis/{apiId}/routes", "GetRoutes"],
    ["PATCH /v2/apis/{apiId}/routes/{routeId}", "UpdateRoute"],
    ["DELETE /v2/apis/{apiId}/routes/{routeId}", "DeleteRoute"],
    ["POST /v2/apis/{apiId}/deployments", "CreateDeployment"],
    ["GET /v2/apis/{apiId}/deployments", "GetDeployments"],
    ["DELETE /v2/apis/{apiId}/deployments/{deploymentId}", "DeleteDeployment"],
    ["POST /v2/apis/{apiId}/stages", "CreateStage"],
    ["GET /v2/apis/{apiId}/stages", "GetStages"],
    ["PATCH /v2/apis/{apiId}/stages/{stageName}", "UpdateStage"],
    ["DELETE /v2/apis/{apiId}/stages/{stageName}", "DeleteStage"],
    ["POST /v2/domainnames", "CreateDomainName"],
    ["GET /v2/domainnames", "GetDomainNames"],
    ["PATCH /v2/domainnames/{domainName}", "UpdateDomainName"],
    ["DELETE /v2/domainnames/{domainName}", "DeleteDomainName"],
    ["POST /v2/domainnames/{domainName}/apimappings", "CreateApiMapping"],
    ["GET /v2/domainnames/{domainName}/apimappings", "GetApiMappings"],
    ["PATCH /v2/domainnames/{domainName}/apimappings/{apiMappingId}", "UpdateApiMapping"],
  ],
  s3: [
    ["GET /{Bucket}", "ListObjectsV2"],
    ["PUT /{Bucket}", "CreateBucket"],
    ["HEAD /{Bucket}", "HeadBucket"],
    ["DELETE /{Bucket}", "DeleteBucket"],
    ["POST /{Bucket}", "DeleteObjects"],
    ["PUT /{Bucket}/{Key+}", "PutObject"],
    ["HEAD /{Bucket}/{Key+}", "HeadObject"],
    ["DELETE /{Bucket}/{Key+}", "DeleteObject"],
  ],
};

interface Compiled {
  method: string;
  pattern: RegExp;
  action: string;
}

const compiled = new Map<string, Compiled[]>();

function compile(service: string): Compiled[] {
  const known = compiled.get(service);
  if (known) return known;
  const rows = (ROUTES[service] ?? []).map(([route, action]) => {
    const [method = "", path = ""] = route.split(" ");
    const pattern = path.replace(/\{(\w+)(\+?)\}/g, (_, name, rest) => `(?<${name}>${rest ? ".+" : "[^/]+"})`);
    return { method, pattern: new RegExp(`^${pattern}/?$`), action };
  });
  compiled.set(service, rows);
  return rows;
}

/** Path, query and body are one set of parameters. */
export function matchRest(service: string, call: Call): { action: string; params: Params } {
  for (const { method, pattern, action } of compile(service)) {
    if (method !== call.method) continue;
    const found = pattern.exec(call.path);
    if (!found) continue;
    const query = Object.fromEntries(call.query);
    const body = service === "s3" ? { Body: call.body } : parse(call.body);
    return { action, params: { ...body, ...query, ...found.groups } };
  }
  return { action: `${call.method} ${call.path}`, params: {} };
}
