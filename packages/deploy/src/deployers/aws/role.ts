/**
 * The role that the functions run as. A policy's name has its hash: a new one is put beside the old one, so that what
 * is live keeps what it may do until the old one is pruned.
 * @module
 */
import type { AnyKind, Change } from "../../contracts.ts";
import { nameTaken } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import { hashOf } from "../../engine/names.ts";
import { collect } from "./client.ts";
import { ignore } from "./functions.ts";
import { isOurs, tagList } from "./names.ts";
import type { Statement } from "./settings.ts";
import type { Account, Stage } from "./stage.ts";
import { tableStatements } from "./tables.ts";

export interface PolicyDocument {
  Version: string;
  Statement: Statement[];
}

export interface LiveRole {
  arn: string;
  trust: string;
  /** ARN of its permissions boundary. */
  boundary?: string;
}

const TRUST: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: ["sts:AssumeRole"] } as never, // a trust has a principal and no resource
  ],
};

const NOT_FOUND = "NoSuchEntityException";

/** Least: write this stage's logs, use its tables and the network that is asked for, and what the config's statements say. */
export function rolePolicy(stage: Stage, account: Account): PolicyDocument {
  const { partition, region, id } = account;
  const { settings, names } = stage;
  const network: Statement = {
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html: these know no resources.
    Effect: "Allow",
    Action: [
      "ec2:CreateNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:DeleteNetworkInterface",
      "ec2:AssignPrivateIpAddresses",
      "ec2:UnassignPrivateIpAddresses",
    ],
    Resource: ["*"],
  };
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: [`arn:${partition}:logs:${region}:${id}:log-group:${names.logGroup}:*`],
      },
      ...(settings.vpc ? [network] : []),
      ...tableStatements(stage, account),
      ...settings.statements,
    ],
  };
}

export const policyName = (document: PolicyDocument): string => `godwit-${hashOf(document).slice(0, 10)}`;

/** The stage's own, by its tags: another app's may have its name. */
async function findRole({ call, names }: Stage): Promise<LiveRole | undefined> {
  const input = { RoleName: names.role };
  const found = await call("iam", "GetRole", (iam, options) => iam.getRole(input, options), {
    expect: [NOT_FOUND],
  }).catch(ignore(NOT_FOUND));
  const role = found?.Role;
  if (!role || !isOurs(names, role.Tags)) return undefined;
  const boundary = role.PermissionsBoundary?.PermissionsBoundaryArn;
  return {
    arn: role.Arn ?? "",
    trust: decodeURIComponent(role.AssumeRolePolicyDocument ?? ""),
    ...(boundary && { boundary }),
  };
}

export function roleKind(stage: Stage): AnyKind {
  const { call, names } = stage;
  const RoleName = names.role;
  const find = () => findRole(stage);
  const setTrust = () => {
    const input = { RoleName, PolicyDocument: JSON.stringify(TRUST) };
    return call("iam", "UpdateAssumeRolePolicy", (iam, options) => iam.updateAssumeRolePolicy(input, options));
  };
  const bound = (PermissionsBoundary: string) =>
    call("iam", "PutRolePermissionsBoundary", (iam, options) =>
      iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary }, options),
    );
  // Without the setting a boundary that is there stays: somebody who may do more has put it there.
  const isBound = (boundary: string | null, live: LiveRole) => boundary === null || live.boundary === boundary;
  return defineKind<string | null, LiveRole>({
    name: "role",
    phase: "prepare",
    async list() {
      const found = await find();
      return new Map(found ? [[RoleName, found]] : []);
    },
    diff: (value, live): Change[] => [
      ...(isSame(live.trust, TRUST) ? [] : [{ path: "trust", to: "lambda.amazonaws.com", drift: true }]),
      ...(value === null || isBound(value, live)
        ? []
        : [{ path: "permissionsBoundary", ...(live.boundary && { from: live.boundary }), to: value }]),
    ],
    async create({ value }) {
      const input = {
        RoleName,
        AssumeRolePolicyDocument: JSON.stringify(TRUST),
        Description: `Runs the functions of ${names.app}, stage ${names.stage}`,
        Tags: tagList(names),
        ...(value !== null && { PermissionsBoundary: value }),
      };
      await call("iam", "CreateRole", (iam, options) => iam.createRole(input, options), {
        expect: ["EntityAlreadyExistsException"],
      }).catch(ignore("EntityAlreadyExistsException"));
      // Read again rather than taken from the answer: it may be somebody else's, and it is not everywhere at once.
      const made = await find();
      if (made) return made;
      throw nameTaken(
        `The role ${RoleName} is there and has not the tags of ${names.app}, stage ${names.stage}.`,
        "Remove it, or name a role of your own: `deploy: { aws: { role } }`.",
      );
    },
    async update({ value }, live) {
      // First: what may change the role's policies may be allowed only where it is bound.
      if (value !== null && !isBound(value, live)) await bound(value);
      if (!isSame(live.trust, TRUST)) await setTrust();
      return { ...live, trust: JSON.stringify(TRUST), ...(value !== null && { boundary: value }) };
    },
    async remove() {
      // Policies of its own first: IAM deletes no role that has some. Those of the stage are a kind of their own.
      const expect = [NOT_FOUND];
      await call("iam", "DeleteRole", (iam, options) => iam.deleteRole({ RoleName }, options), { expect }).catch(
        ignore(NOT_FOUND),
      );
    },
  });
}

/** Names are `godwit-<hash>`; others' policies on the role are theirs. */
export function policyKind(stage: Stage): AnyKind {
  const { call, names } = stage;
  const RoleName = names.role;
  const put = async (document: PolicyDocument): Promise<string> => {
    const PolicyDocument = JSON.stringify(document);
    const input = { RoleName, PolicyName: policyName(document), PolicyDocument };
    await call("iam", "PutRolePolicy", (iam, options) => iam.putRolePolicy(input, options));
    return PolicyDocument;
  };
  return defineKind<PolicyDocument, string>({
    name: "policy",
    phase: "prepare",
    async list() {
      const expect = [NOT_FOUND];
      const role = findRole(stage);
      role.catch(() => {}); // awaited below
      const policies = await collect(async (Marker) => {
        const input = { RoleName, ...(Marker && { Marker }) };
        const page = await call("iam", "ListRolePolicies", (iam, options) => iam.listRolePolicies(input, options), {
          expect,
        }).catch(ignore(NOT_FOUND));
        return { items: page?.PolicyNames, token: page?.IsTruncated ? page.Marker : undefined };
      });
      if (!(await role)) return new Map();
      const own = policies.filter((name) => /^godwit-[0-9a-f]{10}$/.test(name));
      const documents = own.map(async (PolicyName) => {
        const found = await call("iam", "GetRolePolicy", (iam, options) =>
          iam.getRolePolicy({ RoleName, PolicyName }, options),
        );
        return [PolicyName, decodeURIComponent(found.PolicyDocument ?? "")] as const;
      });
      return new Map(await Promise.all(documents));
    },
    diff: (value, live): Change[] => (isSame(live, value) ? [] : [{ path: "statements", drift: true }]),
    create: ({ value }) => put(value),
    update: ({ value }) => put(value),
    async remove(PolicyName) {
      const input = { RoleName, PolicyName };
      await call("iam", "DeleteRolePolicy", (iam, options) => iam.deleteRolePolicy(input, options), {
        expect: [NOT_FOUND],
      }).catch(ignore(NOT_FOUND));
    },
  });
}

function isSame(text: string, document: unknown): boolean {
  try {
    return hashOf(JSON.parse(text)) === hashOf(document);
  } catch {
    return false;
  }
}
