/**
 * What every part of this folder works with: the stage's names, its settings, and the way to call AWS.
 * @module
 */
import type { DeployInput } from "../../contracts.ts";
import { credentialsInvalid } from "../../engine/errors.ts";
import { type WaitOptions, waitFor } from "../../engine/retry.ts";
import { type Call, createCaller } from "./client.ts";
import { createNames, type Names, REHEARSAL } from "./names.ts";
import type { AwsSettings } from "./settings.ts";

export interface Account {
  id: string;
  partition: string;
  region: string;
}

export interface Stage {
  input: DeployInput;
  settings: AwsSettings;
  names: Names;
  call: Call;
  /** One call, remembered. */
  account(): Promise<Account>;
  /** Looks until there is something. */
  wait<T>(what: string, look: () => Promise<T | undefined>, options?: Partial<WaitOptions>): Promise<T>;
  close(): void;
}

export function openStage(input: DeployInput): Stage {
  const given = input.settings as AwsSettings; // what parseSettings made
  const settings = input.env[REHEARSAL] ? { ...given, account: undefined, profile: undefined } : given;
  const caller = createCaller(input, settings);
  const { clock, signal } = input;
  let account: Promise<Account> | undefined;
  const find = async (): Promise<Account> => {
    const region = await caller.region();
    const { Account = "", Arn = "" } = await caller.call("sts", "GetCallerIdentity", (sts, options) =>
      sts.getCallerIdentity({}, options),
    );
    if (settings.account && settings.account !== Account) {
      throw credentialsInvalid(
        `The credentials belong to the account ${Account}, and \`deploy.aws.account\` is ${settings.account}.`,
        "Set AWS_PROFILE to a profile of that account, or mend the config.",
      );
    }
    return { id: Account, partition: Arn.split(":")[1] || "aws", region };
  };
  return {
    input,
    settings,
    names: createNames(input.app, input.stage),
    call: caller.call,
    account() {
      account ??= find();
      return account;
    },
    wait: (what, look, options) => waitFor(what, look, { clock, signal, deadline: 120_000, every: 200, ...options }),
    close: () => caller.close(),
  };
}
