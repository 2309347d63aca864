/**
 * What goes wrong on a host, with a code and the way out.
 * @module
 */
import { GodwitError } from "@godwit/core/errors";
import { accessDenied, credentialsInvalid, nameTaken, placeUnknown, releaseUnknown } from "../../engine/errors.ts";
import { CallError } from "../../engine/retry.ts";

const PAGE = "docs/deploy/node.md";

/** Why Node, or ssh, ended without an answer of the agent. */
export function explainEnd(host: string, isSsh: boolean): (call: string, code: number | null, said: string) => Error {
  return (call, code, said) => {
    const words = said.trim().slice(-2000);
    if (
      isSsh &&
      /Permission denied|Host key verification failed|REMOTE HOST IDENTIFICATION|Too many auth/i.test(words)
    ) {
      return credentialsInvalid(
        `ssh does not let us in on ${host}: ${words}`,
        `Try \`ssh ${host} true\`: it must work without a question. See ${PAGE}.`,
      );
    }
    if (isSsh && /Could not resolve|Name or service not known|No route to host|Network is unreachable/i.test(words)) {
      return placeUnknown(`${host} is not reached: ${words}.`, "Check deploy.node.host.");
    }
    if (isSsh && /^spawn .*ENOENT/.test(words)) {
      return new GodwitError(
        "NODE_SSH_MISSING",
        `${words}: there is no ssh on this machine under that name. Install OpenSSH's client, or set deploy.node.sshCommand.`,
      );
    }
    if (code === 127 || code === 126 || /ENOENT/.test(words)) {
      return new GodwitError(
        "NODE_HOST_WITHOUT_NODE",
        `${host} has no Node at the name it was called by: ${words || `exit code ${code}`}. Install Node 22.13 or later there, or set deploy.node.node to its path (a shell of ssh does not read what an interactive one does).`,
      );
    }
    const transient = code === null || code === 255;
    return new CallError(call, `${call} on ${host} had no answer (${code ?? "cut"}): ${words || "nothing was said"}`, {
      transient,
    });
  };
}

/** What the agent or the supervisor refuses, by its reason. */
export function toError(reason: string, message: string, host: string): Error {
  switch (reason) {
    case "taken":
      return nameTaken(`${message}`, "Give this app a folder of its own in deploy.node.path.");
    case "unknown-release":
      return releaseUnknown(/release (\S+?)\.?$/.exec(message)?.[1] ?? message, []);
    case "permission":
      return accessDenied(`${host}: ${message}`, "the right to write below deploy.node.path, as the user who deploys");
    case "port-forbidden":
      return accessDenied(
        `${host}: ${message}`,
        "CAP_NET_BIND_SERVICE (the systemd unit can give it), or take a port over 1023 in deploy.node.port",
      );
    case "address-unknown":
      return placeUnknown(`${message}`, "Check deploy.node.listen.");
    case "disk-full":
      return new GodwitError(
        "NODE_DISK_FULL",
        `The disk of ${host} is full: ${message}. What was half written is removed, and the live release serves on. Free some space, or keep fewer releases (deploy.node.keep).`,
      );
    case "port-in-use":
      return new GodwitError(
        "NODE_PORT_TAKEN",
        `${message} Somebody else listens there on ${host}. Nothing was switched. Set deploy.node.port (for the stage production) or deploy.node.ports.<stage>.`,
      );
    case "start-failed":
      return new GodwitError(
        "NODE_RELEASE_FAILED",
        `${message}\nNothing was switched: what was live serves on. Mend it and deploy again.`,
      );
    case "not-live":
      return new GodwitError("NODE_NO_CANARY", `${message} Deploy without --canary.`);
    case "no-supervisor":
      return new GodwitError(
        "NODE_SUPERVISOR_FAILED",
        `${host}: ${message}\nIts log is logs/supervisor.log in the stage's folder. See ${PAGE}.`,
      );
    default:
      return new GodwitError("NODE_HOST_FAILED", `${host}: ${message}. Run the command again.`);
  }
}

export function hostTooOld(host: string, version: string): GodwitError {
  return new GodwitError("NODE_HOST_OLD", `${host} has Node ${version}; a release needs 22.13 or later. Update it.`);
}

export function supervisorOld(host: string, way: string): GodwitError {
  return new GodwitError(
    "NODE_SUPERVISOR_OLD",
    `The supervisor on ${host} is of another version of Godwit, and speaks another protocol. ${way}`,
  );
}

export function wrongMachine(host: string, there: string, here: string): GodwitError {
  return new GodwitError(
    "NODE_HOST_ARCHITECTURE",
    `This build holds native code for ${here}, and ${host} is ${there}. Build on such a machine, in CI or in its container.`,
  );
}
