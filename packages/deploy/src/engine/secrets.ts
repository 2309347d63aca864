/**
 * Secrets of a stage, one at a time and under its lock, since where a vendor makes a release of each change a deploy
 * must not see half of it.
 * @module
 */
import type { Deployer, DeployInput } from "../contracts.ts";
import { guarded } from "./guarded.ts";
import { withLease } from "./lease.ts";

export interface SecretOptions {
  deployer: Deployer;
  input: DeployInput;
  name: string;
}

export function setSecret({ deployer, input, name, value }: SecretOptions & { value: string }): Promise<void> {
  const masked = { ...input, secrets: { ...input.secrets, [name]: value } };
  return guarded(masked, () =>
    withLease(deployer, input, async (guard) => {
      await guard.pass();
      await deployer.secrets.set(name, value);
    }),
  );
}

/** Whether it was there. */
export function removeSecret({ deployer, input, name }: SecretOptions): Promise<boolean> {
  return guarded(input, async () => {
    if (!(await deployer.secrets.list()).includes(name)) return false;
    await withLease(deployer, input, async (guard) => {
      await guard.pass();
      await deployer.secrets.remove(name);
    });
    return true;
  });
}
