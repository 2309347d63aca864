/**
 * The app's own domain, mapped to the stage that has the traffic. Its certificate and its DNS are the user's.
 * @module
 */
import type { DomainName } from "@aws-sdk/client-apigatewayv2";
import type { AnyKind, Change } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import { findApi, LIVE } from "./api.ts";
import { collect } from "./client.ts";
import { ignore } from "./functions.ts";
import { isOurs } from "./names.ts";
import type { Stage } from "./stage.ts";

interface LiveDomain {
  certificate: string;
  /** Of the API that it leads to. */
  api: string;
}

export function domainKind(stage: Stage): AnyKind {
  const { call, names, input } = stage;
  const configure = (CertificateArn: string) => [
    { CertificateArn, EndpointType: "REGIONAL" as const, SecurityPolicy: "TLS_1_2" as const },
  ];
  const all = () =>
    collect(async (NextToken) => {
      const query = { MaxResults: "100", ...(NextToken && { NextToken }) };
      const page = await call("apigateway", "GetDomainNames", (api, o) => api.getDomainNames(query, o));
      return { items: page.Items, token: page.NextToken };
    });
  const mappings = async (DomainName: string) => {
    const { Items = [] } = await call("apigateway", "GetApiMappings", (api, o) =>
      api.getApiMappings({ DomainName }, o),
    );
    return Items;
  };
  async function map(DomainName: string): Promise<string> {
    const { id: ApiId = "" } = (await findApi(stage)) ?? {};
    const [first] = (await mappings(DomainName)).filter(({ ApiMappingKey = "" }) => ApiMappingKey === "");
    const target = { DomainName, ApiId, Stage: LIVE };
    if (!first) {
      const expect = ["ConflictException"];
      await call("apigateway", "CreateApiMapping", (api, o) => api.createApiMapping(target, o), { expect }).catch(
        ignore(...expect),
      );
    } else if (first.ApiId !== ApiId || first.Stage !== LIVE) {
      const change = { ...target, ApiMappingId: first.ApiMappingId };
      await call("apigateway", "UpdateApiMapping", (api, o) => api.updateApiMapping(change, o));
    }
    return ApiId;
  }
  const tell = ({ DomainName: name, DomainNameConfigurations: [one] = [] }: Partial<DomainName>) => {
    if (one?.ApiGatewayDomainName)
      input.warn(`Let the DNS name ${name} lead to ${one.ApiGatewayDomainName} (CNAME or ALIAS).`);
  };
  return defineKind<string, LiveDomain>({
    name: "domain",
    phase: "settle",
    async list() {
      const own = (await all()).filter(({ Tags }) => isOurs(names, Tags));
      const api = own.length > 0 ? await findApi(stage) : undefined;
      const found = own.map(async ({ DomainName: name = "", DomainNameConfigurations: [one] = [] }) => {
        const leads = (await mappings(name)).some(({ ApiId, Stage }) => ApiId === api?.id && Stage === LIVE);
        return [name, { certificate: one?.CertificateArn ?? "", api: leads ? (api?.id ?? "") : "" }] as const;
      });
      return new Map(await Promise.all(found));
    },
    diff(certificate, live): Change[] {
      return [
        ...(certificate === live.certificate ? [] : [{ path: "certificate", from: live.certificate, to: certificate }]),
        ...(live.api ? [] : [{ path: "api", to: names.base }]),
      ];
    },
    async create({ name, value }) {
      const wanted = { DomainName: name, DomainNameConfigurations: configure(value), Tags: names.tags };
      const expect = ["ConflictException"];
      await call("apigateway", "CreateDomainName", (api, o) => api.createDomainName(wanted, o), { expect }).catch(
        ignore(...expect),
      );
      const found = (await all()).find((one) => one.DomainName === name);
      if (!found || !isOurs(names, found.Tags)) {
        throw nameTaken(
          `The domain ${name} is there and has not the tags of ${names.app}, stage ${names.stage}.`,
          "Remove it from API Gateway, or take it out of `deploy.aws.domain`.",
        );
      }
      tell(found);
      return { certificate: value, api: await map(name) };
    },
    async update({ name, value }, live) {
      if (live.certificate !== value) {
        const change = { DomainName: name, DomainNameConfigurations: configure(value) };
        await call("apigateway", "UpdateDomainName", (api, o) => api.updateDomainName(change, o));
      }
      return { certificate: value, api: await map(name) };
    },
    async remove(name) {
      const expect = ["NotFoundException"];
      await call("apigateway", "DeleteDomainName", (api, o) => api.deleteDomainName({ DomainName: name }, o), {
        expect,
      }).catch(ignore(...expect));
    },
  });
}
