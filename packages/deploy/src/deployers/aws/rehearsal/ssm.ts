/**
 * SSM's parameters.
 * @module
 */
import {
  type Context,
  list,
  type Need,
  type Operations,
  type ParameterState,
  type Params,
  paginate,
  Refused,
  text,
} from "./cloud.ts";

const arn = ({ region, caller }: Context, name: unknown): string =>
  `arn:aws:ssm:${region}:${caller.account}:parameter${text(name)}`;
const on =
  (action: string, key: string) =>
  (context: Context, params: Params): Need[] =>
    (Array.isArray(params[key]) ? list(params[key]) : [params[key]]).map((name) => ({
      action: `ssm:${action}`,
      resource: arn(context, name),
    }));

function show(context: Context, name: string, { value, type, version, at }: ParameterState, decrypt: unknown): Params {
  const plain = type !== "SecureString" || decrypt === true;
  return {
    Name: name,
    Type: type,
    Value: plain ? value : Buffer.from(`kms:${name}:${version}`).toString("base64"),
    Version: version,
    LastModifiedDate: at / 1000,
    ARN: arn(context, name),
    DataType: "text",
  };
}

/** Characters of a standard parameter. */
const MOST = 4096;

export const ssmOperations: Operations = {
  PutParameter: {
    needs: (context, params) => [
      ...on("PutParameter", "Name")(context, params),
      ...(list(params.Tags).length ? on("AddTagsToResource", "Name")(context, params) : []),
    ],
    run({ cloud, clock }, params) {
      const name = text(params.Name);
      const known = cloud.parameters[name];
      const value = text(params.Value);
      if (known && params.Overwrite !== true) {
        throw new Refused(
          "ParameterAlreadyExists",
          "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        );
      }
      if (known && list(params.Tags).length > 0) {
        throw new Refused("ValidationException", "Invalid request: tags and overwrite can't be used together.");
      }
      if (value.length === 0 || value.length > MOST) {
        throw new Refused(
          "ValidationException",
          `Standard tier parameters support a maximum parameter value of ${MOST} characters.`,
        );
      }
      const version = (known?.version ?? 0) + 1;
      cloud.parameters[name] = {
        value,
        type: text(params.Type) || (known?.type ?? "String"),
        version,
        at: clock.now(),
      };
      return { Version: version, Tier: "Standard" };
    },
  },
  GetParameter: {
    needs: on("GetParameter", "Name"),
    run(context, { Name, WithDecryption }) {
      const found = context.cloud.parameters[text(Name)];
      if (!found) throw new Refused("ParameterNotFound", "");
      return { Parameter: show(context, text(Name), found, WithDecryption) };
    },
  },
  GetParametersByPath: {
    needs: on("GetParametersByPath", "Path"),
    run(context, params) {
      const path = `${text(params.Path).replace(/\/$/, "")}/`;
      const all = Object.entries(context.cloud.parameters)
        .filter(
          ([name]) => name.startsWith(path) && (params.Recursive === true || !name.slice(path.length).includes("/")),
        )
        .sort(([a], [b]) => (a < b ? -1 : 1));
      const { items, next } = paginate(all, params.NextToken, Math.min(10, Number(params.MaxResults) || 10));
      const Parameters = items.map(([name, one]) => show(context, name, one, params.WithDecryption));
      return { Parameters, ...(next && { NextToken: next }) };
    },
  },
  DeleteParameters: {
    needs: on("DeleteParameters", "Names"),
    run({ cloud }, { Names }) {
      const names = list(Names).map(text);
      const DeletedParameters = names.filter((name) => cloud.parameters[name]);
      for (const name of DeletedParameters) delete cloud.parameters[name];
      return { DeletedParameters, InvalidParameters: names.filter((name) => !DeletedParameters.includes(name)) };
    },
  },
};
