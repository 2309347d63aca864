/**
 * Lambda: versions, aliases, permissions, Function URLs.
 * @module
 */
import { randomUUID } from "node:crypto";
import {
  type AliasState,
  type Context,
  type FunctionState,
  type Operations,
  type Params,
  type PermissionState,
  paginate,
  Refused,
  text,
} from "./cloud.ts";
import { needFunction, onFunction, qualified, refuseBusy } from "./lambda.ts";

function showAlias(fn: FunctionState, name: string, alias: AliasState): Params {
  return {
    AliasArn: `${fn.latest.FunctionArn}:${name}`,
    Name: name,
    FunctionVersion: alias.version,
    Description: alias.description,
    RevisionId: alias.revision,
    ...(Object.keys(alias.weights).length && { RoutingConfig: { AdditionalVersionWeights: alias.weights } }),
  };
}

function setAlias(fn: FunctionState, name: string, params: Params): AliasState {
  const before = fn.aliases[name];
  const routing = params.RoutingConfig as { AdditionalVersionWeights?: Record<string, number> } | undefined; // by the API
  const version = text(params.FunctionVersion) || (before?.version ?? "");
  const weights = routing ? (routing.AdditionalVersionWeights ?? {}) : (before?.weights ?? {});
  for (const one of [version, ...Object.keys(weights)]) qualified(fn, { Qualifier: one });
  if (weights[version] !== undefined || Object.values(weights).some((weight) => !(weight >= 0 && weight <= 1))) {
    throw new Refused("InvalidParameterValueException", "Invalid value for AdditionalVersionWeights.");
  }
  const alias = { version, weights, description: text(params.Description), revision: randomUUID() };
  fn.aliases[name] = alias;
  return alias;
}

function needAlias(context: Context, params: Params): { fn: FunctionState; name: string; alias: AliasState } {
  const fn = needFunction(context, params);
  const name = text(params.Name);
  const alias = fn.aliases[name];
  if (alias) return { fn, name, alias };
  throw new Refused("ResourceNotFoundException", `Cannot find alias arn: ${fn.latest.FunctionArn}:${name}`, 404);
}

const conflict = (message: string) => new Refused("ResourceConflictException", message, 409);

function showUrl(context: Context, fn: FunctionState, qualifier: string): Params {
  const url = fn.urls[qualifier];
  if (!url) throw new Refused("ResourceNotFoundException", "The resource you requested does not exist.", 404);
  return {
    FunctionUrl: `http://${context.host}:${url.port}/`,
    FunctionArn: `${fn.latest.FunctionArn}${qualifier && `:${qualifier}`}`,
    AuthType: url.auth,
    InvokeMode: url.mode,
    CreationTime: new Date(url.at).toISOString(),
  };
}

export const versionOperations: Operations = {
  PublishVersion: {
    status: 201,
    needs: onFunction("PublishVersion"),
    run(context, params) {
      const fn = needFunction(context, params);
      refuseBusy(context, fn);
      const { CodeSha256, Description } = params;
      if (CodeSha256 !== undefined && CodeSha256 !== fn.latest.CodeSha256) {
        throw new Refused("InvalidParameterValueException", "CodeSHA256 does not match the latest code.");
      }
      const known = fn.published === undefined ? undefined : fn.versions[fn.published];
      if (known) return { ...known, State: "Active" };
      const Version = String(fn.next++);
      const version = {
        ...fn.latest,
        Version,
        FunctionArn: `${fn.latest.FunctionArn}:${Version}`,
        RevisionId: randomUUID(),
        ...(Description !== undefined && { Description }),
      };
      fn.versions[Version] = version;
      fn.published = Version;
      return { ...version, State: "Active" };
    },
  },
  ListVersionsByFunction: {
    needs: onFunction("ListVersionsByFunction"),
    run(context, params) {
      const fn = needFunction(context, params);
      const { items, next } = paginate(
        [fn.latest, ...Object.values(fn.versions)],
        params.Marker,
        Math.min(50, Number(params.MaxItems) || 50),
      );
      return { Versions: items, ...(next && { NextMarker: next }) };
    },
  },
  CreateAlias: {
    status: 201,
    needs: onFunction("CreateAlias"),
    run(context, params) {
      const fn = needFunction(context, params);
      const name = text(params.Name);
      if (fn.aliases[name]) throw conflict(`Alias already exists: ${fn.latest.FunctionArn}:${name}`);
      return showAlias(fn, name, setAlias(fn, name, params));
    },
  },
  UpdateAlias: {
    needs: onFunction("UpdateAlias"),
    run(context, params) {
      const { fn, name } = needAlias(context, params);
      return showAlias(fn, name, setAlias(fn, name, params));
    },
  },
  GetAlias: {
    needs: onFunction("GetAlias"),
    run(context, params) {
      const { fn, name, alias } = needAlias(context, params);
      return showAlias(fn, name, alias);
    },
  },
  ListAliases: {
    needs: onFunction("ListAliases"),
    run(context, params) {
      const fn = needFunction(context, params);
      return { Aliases: Object.entries(fn.aliases).map(([name, alias]) => showAlias(fn, name, alias)) };
    },
  },
  DeleteAlias: {
    status: 204,
    needs: onFunction("DeleteAlias"),
    run(context, params) {
      const fn = needFunction(context, params);
      delete fn.aliases[text(params.Name)];
      delete fn.policies[text(params.Name)];
    },
  },
  AddPermission: {
    status: 201,
    needs: onFunction("AddPermission"),
    run(context, params) {
      const fn = needFunction(context, params);
      const qualifier = text(params.Qualifier);
      if (qualifier && !fn.aliases[qualifier]) qualified(fn, params);
      const known = fn.policies[qualifier] ?? [];
      const sid = text(params.StatementId);
      if (known.some((one) => one.sid === sid)) {
        throw conflict(
          `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        );
      }
      const permission: PermissionState = {
        sid,
        action: text(params.Action),
        principal: text(params.Principal),
        ...(params.SourceArn !== undefined && { source: text(params.SourceArn) }),
        ...(params.FunctionUrlAuthType !== undefined && { condition: "url" }),
        ...(params.InvokedViaFunctionUrl === true && { condition: "via-url" }),
      };
      fn.policies[qualifier] = [...known, permission];
      return {
        Statement: JSON.stringify({
          Sid: sid,
          Effect: "Allow",
          Principal: permission.principal,
          Action: permission.action,
        }),
      };
    },
  },
  GetPolicy: {
    needs: onFunction("GetPolicy"),
    run(context, params) {
      const fn = needFunction(context, params);
      const known = fn.policies[text(params.Qualifier)];
      if (!known) throw new Refused("ResourceNotFoundException", "The resource you requested does not exist.", 404);
      return {
        Policy: JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: known }),
        RevisionId: randomUUID(),
      };
    },
  },
  CreateFunctionUrlConfig: {
    status: 201,
    needs: onFunction("CreateFunctionUrlConfig"),
    async run(context, params) {
      const fn = needFunction(context, params);
      const qualifier = text(params.Qualifier);
      if (fn.urls[qualifier]) throw conflict("Failed to create function url config: it exists already.");
      const port = await context.listen("url", `${fn.latest.FunctionName}:${qualifier}`, 0);
      const mode = text(params.InvokeMode) || "BUFFERED";
      fn.urls[qualifier] = { auth: text(params.AuthType), mode, at: context.clock.now(), port };
      return showUrl(context, fn, qualifier);
    },
  },
  GetFunctionUrlConfig: {
    needs: onFunction("GetFunctionUrlConfig"),
    run(context, params) {
      const shown = showUrl(context, needFunction(context, params), text(params.Qualifier));
      return { ...shown, LastModifiedTime: shown.CreationTime };
    },
  },
  UpdateFunctionUrlConfig: {
    needs: onFunction("UpdateFunctionUrlConfig"),
    run(context, params) {
      const fn = needFunction(context, params);
      const qualifier = text(params.Qualifier);
      const url = fn.urls[qualifier];
      if (url && params.InvokeMode !== undefined) url.mode = text(params.InvokeMode);
      if (url && params.AuthType !== undefined) url.auth = text(params.AuthType);
      const shown = showUrl(context, fn, qualifier);
      return { ...shown, LastModifiedTime: shown.CreationTime };
    },
  },
  DeleteFunctionUrlConfig: {
    status: 204,
    needs: onFunction("DeleteFunctionUrlConfig"),
    run(context, params) {
      delete needFunction(context, params).urls[text(params.Qualifier)];
    },
  },
};
