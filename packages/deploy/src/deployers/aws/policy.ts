/**
 * The least that a deploy must be allowed, as data: `infra/aws/policy.json` is printed from it, and the rehearsal
 * evaluates it.
 * @module
 */
import type { PolicyDocument } from "./role.ts";
import type { Statement } from "./settings.ts";

export interface PolicyScope {
  partition: string;
  account: string;
  region: string;
  /** An app's name, or `*` for all of them. */
  app: string;
  /** A stage, or a pattern such as `pr-*`. */
  stage: string;
  /** ARN of the permissions boundary without which no role is made or given rights: `deploy.aws.permissionsBoundary`. */
  boundary?: string;
}

/** What gives a role rights: what a boundary bounds. */
const CONFER = ["iam:CreateRole", "iam:PutRolePolicy"];

/** https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html */
export function deployPolicy({ partition, account, region, app, stage, boundary }: PolicyScope): PolicyDocument {
  const arn = (service: string, rest: string, place = region) =>
    `arn:${partition}:${service}:${place}:${account}:${rest}`;
  const api = (path: string) => `arn:${partition}:apigateway:${region}::${path}`;
  const allow = (Sid: string, Action: string[], Resource: string[]): Statement => ({
    Sid,
    Effect: "Allow",
    Action,
    Resource,
  });
  const names = app === "*" && stage === "*" ? "*" : `${app}-${stage}-*`;
  const functions = arn("lambda", `function:${names}`);
  const role = arn("iam", `role/${names}`, "");
  // With its end: `pr-1` is not `pr-12`. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
  const group = arn("logs", `log-group:/godwit/${app}/${stage}`);
  const rules = arn("events", `rule/${names}`);
  const bucket = `arn:${partition}:s3:::${names}`;
  return {
    Version: "2012-10-17",
    Statement: [
      // These know no resources.
      allow("Look", ["cloudwatch:GetMetricData", "dynamodb:ListTables", "lambda:ListFunctions"], ["*"]),
      allow(
        "Functions",
        [
          "lambda:AddPermission",
          "lambda:CreateAlias",
          "lambda:CreateFunction",
          "lambda:CreateFunctionUrlConfig",
          "lambda:DeleteAlias",
          "lambda:DeleteFunction",
          "lambda:GetAlias",
          "lambda:GetFunctionConfiguration",
          "lambda:GetFunctionUrlConfig",
          "lambda:PublishVersion",
          "lambda:TagResource",
          "lambda:UpdateAlias",
          "lambda:UpdateFunctionCode",
          "lambda:UpdateFunctionConfiguration",
          "lambda:UpdateFunctionUrlConfig",
        ],
        [functions],
      ),
      allow(
        "Role",
        [
          ...(boundary === undefined ? CONFER : []),
          "iam:DeleteRole",
          "iam:DeleteRolePolicy",
          "iam:GetRole",
          "iam:GetRolePolicy",
          "iam:ListRolePolicies",
          "iam:TagRole",
          "iam:UpdateAssumeRolePolicy",
        ],
        [role],
      ),
      ...(boundary === undefined
        ? []
        : [
            {
              ...allow("RoleWithin", [...CONFER, "iam:PutRolePermissionsBoundary"], [role]),
              Condition: { StringEquals: { "iam:PermissionsBoundary": boundary } },
            },
          ]),
      {
        ...allow("PassRole", ["iam:PassRole"], [role]),
        Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } },
      },
      // API Gateway's permissions are methods on paths, and its paths have ids, not names.
      allow(
        "Apis",
        ["apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:TagResource"],
        [api("/apis"), api("/apis/*"), api("/domainnames"), api("/domainnames/*")],
      ),
      allow(
        "Parameters",
        ["ssm:AddTagsToResource", "ssm:DeleteParameters", "ssm:GetParametersByPath", "ssm:PutParameter"],
        [arn("ssm", `parameter/godwit/${app}/${stage}/*`)],
      ),
      allow(
        "Logs",
        ["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:FilterLogEvents", "logs:PutRetentionPolicy"],
        [`${group}:*`],
      ),
      allow("LogTags", ["logs:TagResource"], [group]),
      allow("LookAtLogs", ["logs:DescribeLogGroups"], [arn("logs", "log-group:*")]),
      allow("LookAtRules", ["events:ListRules"], [arn("events", "rule/*")]),
      allow(
        "Schedules",
        [
          "events:DeleteRule",
          "events:ListTargetsByRule",
          "events:PutRule",
          "events:PutTargets",
          "events:RemoveTargets",
          "events:TagResource",
        ],
        [rules],
      ),
      allow(
        "Tables",
        [
          "dynamodb:CreateTable",
          "dynamodb:DeleteTable",
          "dynamodb:DescribeTable",
          "dynamodb:DescribeTimeToLive",
          "dynamodb:ListTagsOfResource",
          "dynamodb:TagResource",
          "dynamodb:UpdateTimeToLive",
        ],
        [arn("dynamodb", `table/${names}`)],
      ),
      allow("Bucket", ["s3:CreateBucket", "s3:DeleteBucket", "s3:ListBucket"], [bucket]),
      allow("Code", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [`${bucket}/*`]),
    ],
  };
}
