/**
 * API Gateway's own domains. They answer nothing here: a name of one's own does not lead to this machine.
 * @module
 */
import { on } from "./apigateway.ts";
import { type Context, type DomainState, type Operations, type Params, Refused, text } from "./cloud.ts";

function need({ cloud }: Context, { domainName }: Params): DomainState {
  const found = cloud.domains[text(domainName)];
  if (found) return found;
  throw new Refused("NotFoundException", `Invalid domain name identifier specified ${text(domainName)}`, 404);
}

const show = (name: string, { certificate, tags }: DomainState, region: string): Params => ({
  domainName: name,
  apiMappingSelectionExpression: "$request.basepath",
  tags,
  domainNameConfigurations: [
    {
      apiGatewayDomainName: `d-rehearsal.execute-api.${region}.amazonaws.com`,
      certificateArn: certificate,
      domainNameStatus: "AVAILABLE",
      endpointType: "REGIONAL",
      securityPolicy: "TLS_1_2",
    },
  ],
});

const showMapping = (id: string, { api, stage, key }: DomainState["mappings"][string]): Params => ({
  apiMappingId: id,
  apiId: api,
  stage,
  apiMappingKey: key,
});

function certificateOf({ domainNameConfigurations }: Params): string {
  const [one] = Array.isArray(domainNameConfigurations) ? (domainNameConfigurations as Params[]) : []; // objects, by the API
  return text(one?.certificateArn);
}

const path = ({ domainName }: Params): string => `/domainnames/${text(domainName)}`;

export const domainOperations: Operations = {
  GetDomainNames: {
    needs: on("GET", () => "/domainnames"),
    run: ({ cloud, region }) => ({
      items: Object.entries(cloud.domains).map(([name, one]) => show(name, one, region)),
    }),
  },
  CreateDomainName: {
    status: 201,
    needs: (context, params) => [
      ...on("POST", () => "/domainnames")(context, params),
      ...(params.tags ? on("TagResource", () => "/domainnames")(context, params) : []),
    ],
    run({ cloud, region }, params) {
      const name = text(params.domainName);
      if (cloud.domains[name])
        throw new Refused("ConflictException", "The domain name you provided already exists.", 409);
      const tags = (params.tags as Record<string, string> | undefined) ?? {}; // a map of texts, by the API
      const made = { certificate: certificateOf(params), tags, mappings: {} };
      cloud.domains[name] = made;
      return show(name, made, region);
    },
  },
  UpdateDomainName: {
    needs: on("PATCH", path),
    run(context, params) {
      const found = need(context, params);
      found.certificate = certificateOf(params) || found.certificate;
      return show(text(params.domainName), found, context.region);
    },
  },
  DeleteDomainName: {
    status: 204,
    needs: on("DELETE", path),
    run(context, params) {
      need(context, params);
      delete context.cloud.domains[text(params.domainName)];
    },
  },
  GetApiMappings: {
    needs: on("GET", (params) => `${path(params)}/apimappings`),
    run: (context, params) => ({
      items: Object.entries(need(context, params).mappings).map(([id, one]) => showMapping(id, one)),
    }),
  },
  CreateApiMapping: {
    status: 201,
    needs: on("POST", (params) => `${path(params)}/apimappings`),
    run(context, params) {
      const { mappings } = need(context, params);
      const key = text(params.apiMappingKey);
      if (Object.values(mappings).some((one) => one.key === key)) {
        throw new Refused("ConflictException", "ApiMapping key already exists for this domain name", 409);
      }
      const id = `map${Object.keys(mappings).length}`;
      const made = { api: text(params.apiId), stage: text(params.stage), key };
      mappings[id] = made;
      return showMapping(id, made);
    },
  },
  UpdateApiMapping: {
    needs: on("PATCH", (params) => `${path(params)}/apimappings/${text(params.apiMappingId)}`),
    run(context, params) {
      const found = need(context, params).mappings[text(params.apiMappingId)];
      if (!found) throw new Refused("NotFoundException", "Invalid ApiMapping identifier specified", 404);
      if (params.apiId !== undefined) found.api = text(params.apiId);
      if (params.stage !== undefined) found.stage = text(params.stage);
      return showMapping(text(params.apiMappingId), found);
    },
  },
};
