/**
 * What the outside reaches: APIs and Function URLs, each at a port of its own, answered by what was uploaded in its real
 * runtime.
 * @module
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../../contracts.ts";
import { closeServer, listen } from "../../../rehearsal/server.ts";
import type { CloudData, FunctionState, Served } from "./cloud.ts";
import { matchRoute } from "./router.ts";
import type { Called, Runs } from "./runs.ts";

export interface Doors {
  open(kind: "api" | "url", id: string, port: number): Promise<number>;
  close(): Promise<void>;
}

export interface DoorsOptions {
  cloud: CloudData;
  clock: Clock;
  runs: Runs;
  served: Served[];
  host: string;
}

/** Requests that figures are made of. */
const MOST = 10_000;

interface Way {
  called: Called;
  /** As the runtime is to see it. */
  path: string;
  api: string;
  stage: string;
  qualifier: string;
  all: readonly Called[];
  routes: Record<string, string>;
  variant: string;
}

export function createDoors(options: DoorsOptions): Doors {
  const { cloud, clock, runs, served, host } = options;
  const servers = new Map<string, Server>();

  async function answer(kind: "api" | "url", id: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const way = kind === "api" ? wayOfApi(cloud, id, req) : wayOfUrl(cloud, id, req);
    if (typeof way === "number") return refuse(res, way, kind);
    const began = performance.now();
    const running = await runs.start(way);
    const { status, failed } = await forward(running.url, way.path, req, res);
    const { called, api, stage, qualifier } = way;
    const { name, version } = called;
    const took = performance.now() - began;
    served.push({ at: clock.now(), function: name, qualifier, version, api, stage, took, status, failed });
    if (served.length > MOST) served.splice(0, served.length - MOST);
  }

  return {
    async open(kind, id, port) {
      const server = createServer((req, res) => {
        answer(kind, id, req, res).catch((error: unknown) => {
          runs.report(String(error));
          if (res.headersSent) res.destroy();
          else refuse(res, 500, kind);
        });
      });
      // The port that it had may be somebody else's now.
      await listen(server, port, host).catch(() => listen(server, 0, host));
      servers.set(`${kind} ${id}`, server);
      return (server.address() as AddressInfo).port; // a TCP server that listens has one
    },
    async close() {
      await Promise.all([...servers.values()].map(closeServer));
    },
  };
}

function refuse(res: ServerResponse, status: number, kind: "api" | "url"): void {
  const words: Record<number, string> = { 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error" };
  const message = words[status];
  const body = kind === "api" ? { message } : { Message: message ?? null };
  res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const splitTarget = (target = "/"): [path: string, query: string] => {
  const mark = target.indexOf("?");
  return mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark)];
};

/** A status where there is no way. */
function wayOfApi(cloud: CloudData, id: string, { url, method = "GET" }: IncomingMessage): Way | number {
  const api = cloud.apis[id];
  const [whole, query] = splitTarget(url);
  const [, first = ""] = whole.split("/");
  const stage = first !== "" && first !== "$default" && api?.stages[first] ? first : "$default";
  const path = stage === "$default" ? whole : whole.slice(first.length + 1) || "/";
  const deployment = api?.deployments[api.stages[stage]?.deployment ?? ""];
  if (!deployment) return 404;
  const { routes: targets } = deployment;
  const key = matchRoute(Object.keys(targets), method, path);
  if (key === undefined) return 404;
  // One throw of the dice: what is called goes to the version that comes up, all else in its run is what goes with it.
  const dice = Math.random();
  const resolved = Object.entries(targets).map(([route, uri]) => ({
    route,
    ...resolve(cloud, uri, dice, route === key),
  }));
  const hit = resolved.find(({ route }) => route === key);
  if (!hit?.called || !isPermitted(hit.fn, hit.qualifier, id)) return 500;
  const known = resolved.flatMap(({ called }) => (called ? [called] : []));
  return {
    called: hit.called,
    path: path + query,
    api: id,
    stage,
    qualifier: hit.qualifier,
    all: [...new Map(known.map((one) => [one.name, one])).values()],
    routes: Object.fromEntries(resolved.flatMap(({ route, called }) => (called ? [[route, called.name]] : []))),
    variant: "http-api",
  };
}

function wayOfUrl(cloud: CloudData, id: string, { url = "/" }: IncomingMessage): Way | number {
  const [name = "", qualifier = ""] = id.split(":");
  const fn = cloud.functions[name];
  const config = fn?.urls[qualifier];
  if (!fn || !config) return 404;
  const policy = fn.policies[qualifier] ?? [];
  // Both are needed: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
  const isOpen =
    config.auth === "NONE" && // nobody signs requests here
    policy.some(({ action, principal }) => action === "lambda:InvokeFunctionUrl" && principal === "*") &&
    policy.some(({ action, condition }) => action === "lambda:InvokeFunction" && condition === "via-url");
  const { called } = resolve(cloud, `${fn.latest.FunctionArn}:${qualifier}`, Math.random(), true);
  if (!isOpen || !called) return 403;
  const variant = config.mode === "RESPONSE_STREAM" ? "function-url-stream" : "function-url";
  return {
    called,
    path: url,
    api: "",
    stage: "$default",
    qualifier,
    all: [called],
    routes: { $default: name },
    variant,
  };
}

/** What an ARN with a version or an alias leads to. `tossed`: whether the alias' weights count. */
function resolve(
  cloud: CloudData,
  uri: string,
  dice: number,
  tossed: boolean,
): { fn: FunctionState | undefined; qualifier: string; called: Called | undefined } {
  const [, name = "", qualifier = ""] = /:function:([^:/]+)(?::([^:/]+))?/.exec(uri) ?? [];
  const fn = cloud.functions[name];
  const alias = fn?.aliases[qualifier];
  const [[other, weight] = ["", 0]] = Object.entries(alias?.weights ?? {});
  const version = alias ? (tossed && dice < weight ? other : alias.version) : qualifier;
  const configuration = fn?.versions[version];
  return { fn, qualifier, called: configuration && { name, version, configuration } };
}

function isPermitted(fn: FunctionState | undefined, qualifier: string, api: string): boolean {
  return (fn?.policies[qualifier] ?? []).some(
    ({ principal, action, source = "" }) =>
      principal === "apigateway.amazonaws.com" && action === "lambda:InvokeFunction" && source.includes(`:${api}/`),
  );
}

/** A connection for each request: a kept one may be closed by the runtime at the moment it is used again. */
const agent = new Agent({ keepAlive: false });

/** Passes bytes on as they are. */
function forward(
  to: URL,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<{ status: number; failed: boolean }> {
  return new Promise((resolve, reject) => {
    const options = { agent, host: to.hostname, port: to.port, method: req.method, path, headers: flatHeaders(req) };
    const out = send(options, (incoming) => {
      const status = incoming.statusCode ?? 502;
      res.writeHead(status, incoming.statusMessage, flatHeaders(incoming));
      const failed = status >= 500 && isOwnWords(incoming);
      incoming.pipe(res);
      incoming.once("error", reject);
      res.once("close", () => resolve({ status, failed }));
    });
    out.once("error", reject);
    req.once("error", () => out.destroy());
    req.pipe(out);
  });
}

/** What a front itself says of a function that threw or was too slow, known by its length: the outside sees no more. */
const isOwnWords = ({ headers }: IncomingMessage): boolean =>
  headers["content-type"] === "application/json" && /^(21|33|35)$/.test(headers["content-length"] ?? "");

/** As they came, repeated ones too. */
const flatHeaders = ({ rawHeaders }: IncomingMessage): string[] => rawHeaders;
