/**
 * Evaluates IAM policies of identities, as far as a deploy's has statements.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * @module
 */
import type { Statement } from "../settings.ts";
import { type Caller, type Need, Refused } from "./cloud.ts";

/** Throws what AWS answers for the first one that is not allowed. */
export function authorize({ policy, arn }: Caller, needs: readonly Need[], code: string): void {
  for (const need of needs) {
    const hits = policy.Statement.filter((statement) => applies(statement, need));
    const denied = hits.some(({ Effect }) => Effect === "Deny");
    if (!denied && hits.length > 0) continue;
    const why = denied
      ? "with an explicit deny in an identity-based policy"
      : `because no identity-based policy allows the ${need.action} action`;
    throw new Refused(
      code,
      `User: ${arn} is not authorized to perform: ${need.action} on resource: ${need.resource} ${why}`,
      403,
    );
  }
}

function applies({ Action, Resource, Condition = {} }: Statement, { action, resource, context = {} }: Need): boolean {
  const matches = (patterns: readonly string[], value: string, flags = "") =>
    patterns.some((pattern) => toPattern(pattern, flags).test(value));
  return (
    matches([Action].flat(), action, "i") &&
    matches([Resource].flat(), resource) &&
    Object.entries(Condition).every(([operator, wanted]) =>
      Object.entries(wanted).every(([key, values]) => {
        const given = context[key];
        if (given === undefined) return false;
        return operator === "StringEquals" ? [values].flat().includes(given) : matches([values].flat(), given);
      }),
    )
  );
}

const known = new Map<string, RegExp>();

function toPattern(pattern: string, flags: string): RegExp {
  const key = `${flags} ${pattern}`;
  const found = known.get(key);
  if (found) return found;
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const made = new RegExp(`^${escaped}$`, `s${flags}`);
  known.set(key, made);
  return made;
}
