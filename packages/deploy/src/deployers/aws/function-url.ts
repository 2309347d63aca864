/**
 * Releases behind a Function URL: one function, whose alias `live` has the URL. Moving the alias is the switch.
 * @module
 */
import type { AnyKind, Change, Release } from "../../contracts.ts";
import { nothingDeployed } from "../../engine/errors.ts";
import { defineKind } from "../../engine/kind.ts";
import { apiKind } from "./api.ts";
import { type Front, together } from "./front.ts";
import { ignore, type LiveFunction, listFunctions } from "./functions.ts";
import type { Parameters } from "./parameters.ts";
import { createRecords } from "./records.ts";
import type { Stage } from "./stage.ts";
import { getAlias, LIVE_ALIAS, permit, publish, removeVersion, setAlias } from "./versions.ts";

/** Requests reach a release here before it has traffic. */
const CANDIDATE = "candidate";
const NOT_FOUND = "ResourceNotFoundException";

type Mode = "BUFFERED" | "RESPONSE_STREAM";

export function createFunctionUrl(stage: Stage, parameters: Parameters): Front {
  const { call, input, names, settings } = stage;
  const records = createRecords(parameters);
  const { manifest } = input.artefact ?? {};
  const mode: Mode = manifest?.front.kind === "function-url-stream" ? "RESPONSE_STREAM" : "BUFFERED";

  const find = async (FunctionName: string, Qualifier: string) =>
    call("lambda", "GetFunctionUrlConfig", (lambda, o) => lambda.getFunctionUrlConfig({ FunctionName, Qualifier }, o), {
      expect: [NOT_FOUND],
    }).catch(ignore(NOT_FOUND));

  /** The name of the one function. */
  const seek = async (): Promise<string | undefined> => {
    const own = manifest?.functions[0];
    if (own) return names.function(own.id);
    const [first] = (await listFunctions(stage)).values();
    return first?.name;
  };
  const need = async (): Promise<string> => {
    const name = await seek();
    if (name !== undefined) return name;
    throw nothingDeployed(names.app, names.stage, "AWS");
  };

  /** Both permissions are needed: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
  async function openUrl(FunctionName: string, Qualifier: string, InvokeMode: Mode): Promise<string> {
    const Principal = "*";
    await permit(stage, FunctionName, Qualifier, {
      StatementId: "godwit-url",
      Action: "lambda:InvokeFunctionUrl",
      Principal,
      FunctionUrlAuthType: "NONE",
    });
    await permit(stage, FunctionName, Qualifier, {
      StatementId: "godwit-invoke",
      Action: "lambda:InvokeFunction",
      Principal,
      InvokedViaFunctionUrl: true,
    });
    const wanted = { FunctionName, Qualifier, AuthType: "NONE" as const, InvokeMode };
    const found = await find(FunctionName, Qualifier);
    if (found?.FunctionUrl && found.InvokeMode === InvokeMode && found.AuthType === "NONE") return found.FunctionUrl;
    if (found) {
      await call("lambda", "UpdateFunctionUrlConfig", (lambda, o) => lambda.updateFunctionUrlConfig(wanted, o));
      return found.FunctionUrl ?? "";
    }
    return call(
      "lambda",
      "CreateFunctionUrlConfig",
      async (lambda, o) => (await lambda.createFunctionUrlConfig(wanted, o)).FunctionUrl ?? "",
      { lookup: async () => (await find(FunctionName, Qualifier))?.FunctionUrl },
    );
  }

  /** Closes what a candidate was proven by: a release that failed, or was gone back from, answers nobody there. */
  async function closeCandidate(FunctionName: string): Promise<void> {
    const found = await find(FunctionName, CANDIDATE);
    if (found?.AuthType !== "NONE") return;
    const closed = { FunctionName, Qualifier: CANDIDATE, AuthType: "AWS_IAM" as const };
    await call("lambda", "UpdateFunctionUrlConfig", (lambda, o) => lambda.updateFunctionUrlConfig(closed, o));
  }

  /** It names an alias, which the first switch makes: so it comes after it. */
  const urlKind: AnyKind = defineKind<Mode, Mode>({
    name: "function url",
    phase: "settle",
    async list() {
      const id = manifest?.functions[0]?.id;
      const found = id === undefined ? undefined : await find(names.function(id), LIVE_ALIAS);
      return new Map(found?.InvokeMode ? [[names.base, found.InvokeMode]] : []);
    },
    diff: (value, live): Change[] => (value === live ? [] : [{ path: "mode", from: live, to: value }]),
    irreversible: (_spec, live) =>
      live === undefined ? undefined : "the URL has one mode for all releases: those before answer wrongly in it",
    async create({ value }) {
      await openUrl(await need(), LIVE_ALIAS, value);
      return value;
    },
    async update({ value }) {
      await openUrl(await need(), LIVE_ALIAS, value);
      return value;
    },
  });

  const releases = together(async (): Promise<Release[]> => {
    const known = await records.list();
    const name = known.size > 0 ? await seek() : undefined;
    if (name === undefined) return [];
    const live = await getAlias(stage, name, LIVE_ALIAS);
    return [...known]
      .map(([id, { fingerprint, at, live: wasLive }]): Release => {
        const share = live?.share ?? 0;
        const own = id === live?.version ? 1 - share : id === live?.other ? share : 0;
        return { id, fingerprint, at, share: own, kept: wasLive === true || id === live?.version };
      })
      .sort((a, b) => Number(b.id) - Number(a.id))
      .slice(0, 50);
  });

  return {
    kinds: [apiKind(stage), urlKind],
    specs: (functions) => [
      {
        kind: "function url",
        name: names.base,
        after: functions.map(({ id }) => `function/${id}`),
        value: mode,
      },
    ],
    releases,
    async behind() {
      const [, ...older] = await releases();
      const served = older.find(({ share }) => share > 0);
      return served && (await records.list()).get(served.id)?.versions;
    },
    async release(made, { fingerprint, functions, scheduled }) {
      const [fn] = functions;
      const live = made.get(`function/${fn?.id}`) as LiveFunction; // as its kind lists it
      const id = live.version ?? (await publish(stage, live));
      const same = (await releases()).find((one) => one.id === id && one.fingerprint === fingerprint);
      if (same) return same;
      const at = new Date(input.clock.now()).toISOString();
      await records.write(id, { fingerprint, at, versions: { [live.id]: id }, scheduled: [...scheduled] });
      const share = (await releases()).find((one) => one.id === id)?.share ?? 0;
      return { id, fingerprint, at, share, kept: false };
    },
    async candidate({ id }) {
      const name = await need();
      await setAlias(stage, name, CANDIDATE, { version: id });
      return { url: new URL(await openUrl(name, CANDIDATE, mode)), headers: {} };
    },
    async switch({ id }, share) {
      const name = await need();
      const live = await getAlias(stage, name, LIVE_ALIAS);
      if (share < 1 && live && live.version !== id) {
        await setAlias(stage, name, LIVE_ALIAS, { version: live.version, other: id, share });
        return;
      }
      await setAlias(stage, name, LIVE_ALIAS, { version: id });
      await closeCandidate(name);
      await records.markLive(id, (await records.list()).get(id));
      const before = (await releases()).filter((one) => one.id !== id);
      const gone = [
        ...before.filter(({ kept }) => kept).slice(settings.keep - 1),
        ...before.filter(({ kept }) => !kept),
      ];
      // The candidate's alias would keep its version.
      if (gone.length > 0) await setAlias(stage, name, CANDIDATE, { version: id });
      for (const one of gone) {
        await removeVersion(stage, name, one.id);
        await records.remove(one.id);
      }
    },
    async reset() {
      const name = await seek();
      if (name === undefined) return;
      const live = await getAlias(stage, name, LIVE_ALIAS);
      if (live?.other) await setAlias(stage, name, LIVE_ALIAS, { version: live.version });
      await closeCandidate(name);
      if (live) await records.markLive(live.version, (await records.list()).get(live.version));
    },
    async urls() {
      const found = await find(await need(), LIVE_ALIAS);
      return found?.FunctionUrl ? [new URL(found.FunctionUrl)] : [];
    },
    async measured(release) {
      const name = await need();
      const live = await getAlias(stage, name, LIVE_ALIAS);
      if (!live) return undefined;
      const isNew = live.other === release.id;
      const other = isNew ? live.version : live.other;
      const one = { name, qualifier: LIVE_ALIAS, version: release.id, ...(other && { other }) };
      return { functions: [one], isNew };
    },
    async destroy() {
      for (const id of (await records.list()).keys()) await records.remove(id);
    },
  };
}
