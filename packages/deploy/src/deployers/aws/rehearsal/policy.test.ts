import assert from "node:assert/strict";
import { test } from "node:test";
import type { Statement } from "../settings.ts";
import { authorize } from "./policy.ts";

const caller = (...Statement: Statement[]) => ({
  account: "123456789012",
  arn: "arn:aws:iam::123456789012:user/me",
  policy: { Version: "2012-10-17", Statement },
});
const allow = (Action: string, Resource: string): Statement => ({ Effect: "Allow", Action, Resource });
const need = { action: "lambda:CreateFunction", resource: "arn:aws:lambda:eu-west-1:1:function:links-a" };

test("what no statement allows is refused in AWS's words", () => {
  assert.throws(() => authorize(caller(), [need], "AccessDenied"), {
    code: "AccessDenied",
    message:
      "User: arn:aws:iam::123456789012:user/me is not authorized to perform: lambda:CreateFunction on resource: arn:aws:lambda:eu-west-1:1:function:links-a because no identity-based policy allows the lambda:CreateFunction action",
  });
});

test("a star stands for anything, a question mark for one character; a dot and a dollar sign are themselves", () => {
  const may = (action: string, resource: string, wanted = need) => {
    authorize(caller(allow(action, resource)), [wanted], "");
    return true;
  };
  assert.ok(may("lambda:*", "*"));
  assert.ok(may("LAMBDA:createfunction", "arn:aws:lambda:*:?:function:links-*"));
  assert.throws(() => may("lambda:*", "arn:aws:lambda:*:*:function:other-*"));
  assert.throws(() => may("lambda:Create.unction", "*"));
});

test("a denial wins over everything", () => {
  const deny: Statement = { ...allow("lambda:*", "*"), Effect: "Deny" };
  assert.throws(() => authorize(caller(allow("*", "*"), deny), [need], "AccessDenied"), /explicit deny/);
});

test("a condition must hold, and what it asks for must be there", () => {
  const Condition = { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } };
  const passing = caller({ ...allow("iam:PassRole", "*"), Condition });
  const pass = { action: "iam:PassRole", resource: "arn:aws:iam::1:role/r" };
  const to = (service: string) => ({ ...pass, context: { "iam:PassedToService": service } });
  authorize(passing, [to("lambda.amazonaws.com")], "");
  assert.throws(() => authorize(passing, [to("ec2.amazonaws.com")], ""), /iam:PassRole/);
  assert.throws(() => authorize(passing, [pass], ""), /iam:PassRole/);
});
