/**
 * Lambda: functions and their versions. What takes time there takes some here, by the control plane's clock.
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import { unzipSync } from "fflate";
import {
  type Configuration,
  type Context,
  type FunctionState,
  list,
  type Need,
  type Operations,
  type Params,
  paginate,
  Refused,
  text,
} from "./cloud.ts";

/** Milliseconds for which an update is in progress, and until a new role can be assumed. */
const WORK = 150;
const ROLE = 900;

export const functionArn = ({ region, caller }: Pick<Context, "region" | "caller">, name: string): string =>
  `arn:aws:lambda:${region}:${caller.account}:function:${name}`;

/** A permission on the function that the call names. */
export const onFunction =
  (action: string) =>
  (context: Context, { FunctionName, Qualifier }: Params): Need[] => {
    const qualifier = action === "DeleteFunction" && Qualifier ? `:${text(Qualifier)}` : "";
    return [{ action: `lambda:${action}`, resource: functionArn(context, nameOf(FunctionName)) + qualifier }];
  };

/** Names come as names or as ARNs. */
const nameOf = (given: unknown): string =>
  text(given)
    .replace(/^arn:aws:lambda:[^:]*:\d*:function:/, "")
    .split(":")[0] ?? "";

export function needFunction({ cloud, ...context }: Context, { FunctionName }: Params): FunctionState {
  const name = nameOf(FunctionName);
  const found = cloud.functions[name];
  if (found) return found;
  throw new Refused("ResourceNotFoundException", `Function not found: ${functionArn(context, name)}`, 404);
}

export const isBusy = ({ clock }: Context, { busyUntil }: FunctionState): boolean => clock.now() < busyUntil;

export function refuseBusy(context: Context, fn: FunctionState): void {
  if (!isBusy(context, fn)) return;
  const { FunctionArn } = fn.latest;
  const what =
    fn.work === "create"
      ? "The function is currently in the following state: Pending"
      : "An update is in progress for resource";
  throw new Refused(
    "ResourceConflictException",
    `The operation cannot be performed at this time. ${what}: ${FunctionArn}`,
    409,
  );
}

function checkRevision({ latest }: FunctionState, { RevisionId }: Params): void {
  if (RevisionId === undefined || RevisionId === latest.RevisionId) return;
  throw new Refused(
    "PreconditionFailedException",
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
    412,
  );
}

function touch(context: Context, fn: FunctionState, work: FunctionState["work"]): void {
  const now = context.clock.now();
  // Two changes in one millisecond are two changes all the same.
  const before = Date.parse(text(fn.latest.LastModified).replace("+0000", "Z")) || 0;
  fn.latest.LastModified = new Date(Math.max(now, before + 1)).toISOString().replace("Z", "+0000");
  fn.latest.RevisionId = randomUUID();
  fn.busyUntil = now + WORK;
  fn.work = work;
  delete fn.published;
}

async function setCode(context: Context, fn: FunctionState, code: Params): Promise<void> {
  const zip =
    typeof code.ZipFile === "string"
      ? Buffer.from(code.ZipFile, "base64")
      : await context.state.blob(blobOf(text(code.S3Bucket), text(code.S3Key)));
  if (!zip)
    throw new Refused("InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchKey.");
  try {
    unzipSync(zip);
  } catch {
    throw new Refused(
      "InvalidParameterValueException",
      "Could not unzip uploaded file. Please check your file, then try to upload again.",
    );
  }
  const hash = createHash("sha256").update(zip);
  const sha256 = hash.digest();
  await context.state.putBlob(sha256.toString("hex"), zip);
  Object.assign(fn.latest, { CodeSha256: sha256.toString("base64"), CodeSize: zip.length });
}

export const blobOf = (bucket: string, key: string): string =>
  createHash("sha256").update(`${bucket}/${key}`).digest("hex");

const SETTINGS = ["Description", "Runtime", "Handler", "Role", "MemorySize", "Timeout", "EphemeralStorage"] as const;

function setSettings(context: Context, fn: FunctionState, params: Params): void {
  const { latest } = fn;
  for (const name of SETTINGS) if (params[name] !== undefined) latest[name] = params[name];
  if (params.Environment) latest.Environment = params.Environment;
  if (params.Layers) latest.Layers = list<string>(params.Layers).map((Arn) => ({ Arn, CodeSize: 0 }));
  if (params.VpcConfig) latest.VpcConfig = { ...(params.VpcConfig as Params), VpcId: "" }; // an object, by the API
  if (params.LoggingConfig) latest.LoggingConfig = { LogFormat: "Text", ...(params.LoggingConfig as Params) }; // as above
  const role = Object.values(context.cloud.roles).find(({ arn }) => arn === latest.Role);
  // A role is not known everywhere at once. One that was not made here is of the account that is rehearsed for.
  if (role && context.clock.now() < role.at + ROLE) {
    throw new Refused(
      "InvalidParameterValueException",
      "The role defined for the function cannot be assumed by Lambda.",
    );
  }
}

/** As the calls that look at one function answer. */
export function show(context: Context, fn: FunctionState, configuration: Configuration): Params {
  const busy = configuration.Version === "$LATEST" && isBusy(context, fn);
  return {
    ...configuration,
    State: busy && fn.work === "create" ? "Pending" : "Active",
    LastUpdateStatus: busy && fn.work === "update" ? "InProgress" : "Successful",
  };
}

const passRole = ({ Role }: Params): Need[] =>
  Role === undefined
    ? []
    : [{ action: "iam:PassRole", resource: text(Role), context: { "iam:PassedToService": "lambda.amazonaws.com" } }];

const readS3 = ({ S3Bucket, S3Key }: Params): Need[] =>
  S3Bucket === undefined ? [] : [{ action: "s3:GetObject", resource: `arn:aws:s3:::${text(S3Bucket)}/${text(S3Key)}` }];

export const functionOperations: Operations = {
  ListFunctions: {
    needs: () => [{ action: "lambda:ListFunctions", resource: "*" }],
    run({ cloud }, { Marker, MaxItems, FunctionVersion }) {
      const all = Object.values(cloud.functions)
        .sort((a, b) => (a.latest.FunctionName < b.latest.FunctionName ? -1 : 1))
        .flatMap(({ latest, versions }) =>
          FunctionVersion === "ALL" ? [latest, ...Object.values(versions)] : [latest],
        );
      const { items, next } = paginate(all, Marker, Math.min(50, Number(MaxItems) || 50));
      return { Functions: items, ...(next && { NextMarker: next }) };
    },
  },
  GetFunction: {
    needs: onFunction("GetFunction"),
    run(context, params) {
      const fn = needFunction(context, params);
      const Configuration = show(context, fn, qualified(fn, params));
      return { Configuration, Code: { RepositoryType: "S3", Location: "http://localhost" }, Tags: fn.tags };
    },
  },
  GetFunctionConfiguration: {
    needs: onFunction("GetFunctionConfiguration"),
    run(context, params) {
      const fn = needFunction(context, params);
      return show(context, fn, qualified(fn, params));
    },
  },
  ListTags: {
    needs: (context, { Resource }) => onFunction("ListTags")(context, { FunctionName: Resource }),
    run: (context, { Resource }) => ({ Tags: needFunction(context, { FunctionName: Resource }).tags }),
  },
  CreateFunction: {
    status: 201,
    needs: (context, params) => [
      ...onFunction("CreateFunction")(context, params),
      ...passRole(params),
      ...(Object.keys((params.Tags as Params | undefined) ?? {}).length
        ? onFunction("TagResource")(context, params)
        : []), // an object, by the API
      ...readS3((params.Code as Params | undefined) ?? {}), // as above
    ],
    async run(context, params) {
      const name = text(params.FunctionName);
      const FunctionArn = functionArn(context, name);
      if (context.cloud.functions[name]) {
        throw new Refused("ResourceConflictException", `Function already exist: ${name}`, 409);
      }
      const fn: FunctionState = {
        latest: {
          FunctionName: name,
          FunctionArn,
          Version: "$LATEST",
          PackageType: "Zip",
          MemorySize: 128,
          Timeout: 3,
          Architectures: list(params.Architectures).length ? params.Architectures : ["x86_64"],
          EphemeralStorage: { Size: 512 },
          TracingConfig: { Mode: "PassThrough" },
          LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${name}` },
          Description: "",
        },
        versions: {},
        next: 1,
        aliases: {},
        policies: {},
        urls: {},
        tags: (params.Tags as Record<string, string> | undefined) ?? {}, // a map of texts, by the API
        busyUntil: 0,
        work: "create",
      };
      setSettings(context, fn, params);
      await setCode(context, fn, (params.Code as Params | undefined) ?? {}); // an object, by the API
      touch(context, fn, "create");
      context.cloud.functions[name] = fn;
      return show(context, fn, fn.latest);
    },
  },
  UpdateFunctionCode: {
    needs: (context, params) => [...onFunction("UpdateFunctionCode")(context, params), ...readS3(params)],
    async run(context, params) {
      const fn = needFunction(context, params);
      refuseBusy(context, fn);
      checkRevision(fn, params);
      await setCode(context, fn, params);
      if (params.Architectures) fn.latest.Architectures = params.Architectures;
      touch(context, fn, "update");
      return show(context, fn, fn.latest);
    },
  },
  UpdateFunctionConfiguration: {
    needs: (context, params) => [...onFunction("UpdateFunctionConfiguration")(context, params), ...passRole(params)],
    run(context, params) {
      const fn = needFunction(context, params);
      refuseBusy(context, fn);
      checkRevision(fn, params);
      setSettings(context, fn, params);
      touch(context, fn, "update");
      return show(context, fn, fn.latest);
    },
  },
  DeleteFunction: {
    status: 204,
    needs: onFunction("DeleteFunction"),
    run(context, params) {
      const fn = needFunction(context, params);
      const { FunctionName } = fn.latest;
      const version = params.Qualifier;
      if (version === undefined) {
        delete context.cloud.functions[FunctionName];
        return;
      }
      const named = Object.entries(fn.aliases).find(
        ([, alias]) => alias.version === version || alias.weights[text(version)] !== undefined,
      );
      if (named) {
        throw new Refused(
          "ResourceConflictException",
          `Unable to delete version because the following aliases reference it: [${named[0]}]`,
          409,
        );
      }
      delete fn.versions[text(version)];
      delete fn.policies[text(version)];
    },
  },
};

/** `$LATEST`, a version, or the one that an alias names. */
export function qualified(fn: FunctionState, { Qualifier }: Params): Configuration {
  const qualifier = text(Qualifier);
  if (qualifier === "" || qualifier === "$LATEST") return fn.latest;
  const found = fn.versions[fn.aliases[qualifier]?.version ?? qualifier];
  if (found) return found;
  throw new Refused("ResourceNotFoundException", `Function not found: ${fn.latest.FunctionArn}:${qualifier}`, 404);
}
