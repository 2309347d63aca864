/**
 * IAM's roles, and who is calling.
 * @module
 */
import { randomBytes } from "node:crypto";
import { type Context, list, type Need, type Operations, type Params, Refused, type RoleState, text } from "./cloud.ts";

const roleArn = ({ caller }: Context, name: unknown): string => `arn:aws:iam::${caller.account}:role/${text(name)}`;
const on =
  (action: string) =>
  (context: Context, { RoleName }: Params): Need[] => [
    { action: `iam:${action}`, resource: roleArn(context, RoleName) },
  ];

/** As IAM does for what a boundary bounds: the one that the role has, or gets by this very call. */
const within =
  (action: string) =>
  (context: Context, params: Params): Need[] => {
    const boundary = params.PermissionsBoundary ?? context.cloud.roles[text(params.RoleName)]?.boundary;
    return on(action)(context, params).map((need) => ({
      ...need,
      ...(boundary !== undefined && { context: { "iam:PermissionsBoundary": text(boundary) } }),
    }));
  };

function needRole({ cloud }: Context, { RoleName }: Params): RoleState {
  const role = cloud.roles[text(RoleName)];
  if (role) return role;
  throw new Refused("NoSuchEntity", `The role with name ${text(RoleName)} cannot be found.`, 404);
}

const showRole = ({ name, arn, id, trust, description, tags, boundary, at }: RoleState): Params => ({
  Role: {
    Path: "/",
    RoleName: name,
    RoleId: id,
    Arn: arn,
    CreateDate: new Date(at).toISOString(),
    AssumeRolePolicyDocument: encodeURIComponent(trust),
    Description: description,
    MaxSessionDuration: 3600,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    ...(boundary && {
      PermissionsBoundary: { PermissionsBoundaryType: "Policy", PermissionsBoundaryArn: boundary },
    }),
  },
});

export const iamOperations: Operations = {
  GetRole: { needs: on("GetRole"), run: (context, params) => showRole(needRole(context, params)) },
  CreateRole: {
    needs: (context, params) => [
      ...within("CreateRole")(context, params),
      ...(list(params.Tags).length ? on("TagRole")(context, params) : []),
    ],
    run(context, params) {
      const name = text(params.RoleName);
      if (context.cloud.roles[name]) {
        throw new Refused("EntityAlreadyExists", `Role with name ${name} already exists.`, 409);
      }
      const role: RoleState = {
        name,
        arn: roleArn(context, name),
        id: `AROA${randomBytes(9).toString("hex").toUpperCase().slice(0, 17)}`,
        trust: text(params.AssumeRolePolicyDocument),
        description: text(params.Description),
        tags: Object.fromEntries(list<Params>(params.Tags).map(({ Key, Value }) => [text(Key), text(Value)])),
        policies: {},
        ...(params.PermissionsBoundary !== undefined && { boundary: text(params.PermissionsBoundary) }),
        at: context.clock.now(),
      };
      context.cloud.roles[name] = role;
      return showRole(role);
    },
  },
  UpdateAssumeRolePolicy: {
    needs: on("UpdateAssumeRolePolicy"),
    run(context, params) {
      needRole(context, params).trust = text(params.PolicyDocument);
    },
  },
  PutRolePermissionsBoundary: {
    needs: within("PutRolePermissionsBoundary"),
    run(context, params) {
      needRole(context, params).boundary = text(params.PermissionsBoundary);
    },
  },
  DeleteRole: {
    needs: on("DeleteRole"),
    run(context, params) {
      const role = needRole(context, params);
      if (Object.keys(role.policies).length > 0) {
        throw new Refused("DeleteConflict", "Cannot delete entity, must delete policies first.", 409);
      }
      delete context.cloud.roles[role.name];
    },
  },
  ListRolePolicies: {
    needs: on("ListRolePolicies"),
    run: (context, params) => ({ PolicyNames: Object.keys(needRole(context, params).policies), IsTruncated: false }),
  },
  GetRolePolicy: {
    needs: on("GetRolePolicy"),
    run(context, params) {
      const { name, policies } = needRole(context, params);
      const document = policies[text(params.PolicyName)];
      if (document === undefined) throw noPolicy(params);
      return { RoleName: name, PolicyName: params.PolicyName, PolicyDocument: encodeURIComponent(document) };
    },
  },
  PutRolePolicy: {
    needs: within("PutRolePolicy"),
    run(context, params) {
      needRole(context, params).policies[text(params.PolicyName)] = text(params.PolicyDocument);
    },
  },
  DeleteRolePolicy: {
    needs: on("DeleteRolePolicy"),
    run(context, params) {
      const { policies } = needRole(context, params);
      if (policies[text(params.PolicyName)] === undefined) throw noPolicy(params);
      delete policies[text(params.PolicyName)];
    },
  },
};

const noPolicy = ({ PolicyName }: Params) =>
  new Refused("NoSuchEntity", `The role policy with name ${text(PolicyName)} cannot be found.`, 404);

export const stsOperations: Operations = {
  GetCallerIdentity: {
    needs: () => [], // nobody can be refused it
    run: ({ caller }) => ({ UserId: "AIDAREHEARSAL", Account: caller.account, Arn: caller.arn }),
  },
};
