/**
 * Runs what was uploaded, each deployment at an address of its own, and a front that shares traffic out as production.
 * @module
 */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { RunArtefact, RunningArtefact, Upload, UploadedUnit } from "../../../contracts.ts";
import { closeServer, listen } from "../../../rehearsal/server.ts";
import type { State } from "../../../rehearsal/state.ts";
import { type DeploymentRecord, newId, type ProjectRecord, type Records } from "./records.ts";

export interface Runs {
  /** `127.0.0.1:port` of a deployment; it starts when it is first asked for. */
  hostOf(id: string): Promise<string>;
  /** The host of a project's production traffic. */
  front(project: ProjectRecord): Promise<string>;
  logs(id: string): readonly Line[];
  close(): Promise<void>;
}

export interface Line {
  /** Milliseconds since 1970. */
  at: number;
  /** Its own among all lines. */
  row: string;
  function: string;
  text: string;
}

/** Lines of a deployment that are kept. */
const LINES = 1000;
const OUTPUT = ".vercel/output/";
const FUNCTIONS = `${OUTPUT}functions/`;

export function createRuns(state: State<Records>, run: RunArtefact, host: string, now: () => number): Runs {
  const running = new Map<string, Promise<RunningArtefact>>();
  const fronts = new Map<string, Promise<{ server: Server; host: string }>>();
  const lines = new Map<string, Line[]>();

  function start(id: string): Promise<RunningArtefact> {
    const known = running.get(id);
    if (known) return known;
    const record = state.data.deployments[id];
    if (!record) return Promise.reject(new Error(`no deployment ${id}`));
    const starting = toUpload(state, record).then(run);
    running.set(id, starting);
    starting.then(
      (one) => void collect(id, one),
      () => running.delete(id),
    );
    return starting;
  }

  async function collect(id: string, one: RunningArtefact): Promise<void> {
    const kept = lines.get(id) ?? [];
    lines.set(id, kept);
    for await (const line of one.logs) {
      kept.push({ at: now(), row: newId("row"), ...line });
      if (kept.length > LINES) kept.shift();
    }
  }

  /** Who answers the next request: a canary takes its share by chance, as Vercel's does for new visitors. */
  function choose({ production, rolling, rollingConfig }: ProjectRecord): string | undefined {
    const share = rolling?.state === "ACTIVE" ? rollingConfig?.stages[rolling.stage]?.targetPercentage : undefined;
    return rolling && share !== undefined && Math.random() * 100 < share ? rolling.canary : production;
  }

  async function pass(projectId: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
    const project = state.data.projects[projectId];
    const id = project && choose(project);
    if (id === undefined) {
      res.writeHead(404, { "x-vercel-error": "DEPLOYMENT_NOT_FOUND" }).end();
      return;
    }
    const { hostname, port } = (await start(id)).url;
    const { method, url: path, rawHeaders } = req;
    const forward = httpRequest(
      { host: hostname, port, method, path, headers: rawHeaders, setHost: false },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
        answer.pipe(res);
        answer.on("error", () => res.destroy());
      },
    );
    forward.on("error", () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
    res.on("close", () => forward.destroy());
    req.pipe(forward);
  }

  async function openFront(projectId: string): Promise<{ server: Server; host: string }> {
    const server = createServer((req, res) => {
      pass(projectId, req, res).catch(() => (res.headersSent ? res.destroy() : res.writeHead(500).end()));
    });
    await listen(server, 0, host);
    return { server, host: `${host}:${(server.address() as AddressInfo).port}` }; // a TCP server that listens has one
  }

  return {
    hostOf: async (id) => (await start(id)).url.host,
    async front({ id }) {
      const known = fronts.get(id) ?? openFront(id);
      fronts.set(id, known);
      return (await known).host;
    },
    logs: (id) => lines.get(id) ?? [],
    async close() {
      const servers = await Promise.all(fronts.values());
      await Promise.all(servers.map(({ server }) => closeServer(server)));
      const settled = await Promise.allSettled(running.values());
      await Promise.all(settled.map((one) => one.status === "fulfilled" && one.value.close()));
    },
  };
}

/** A unit for each function, and one for the rest: Vercel knows the folder `.vercel/output/` and nothing else. */
async function toUpload(state: State<Records>, { files, env }: DeploymentRecord): Promise<Upload> {
  const units = new Map<string, { files: Record<string, Uint8Array> }>();
  for (const { file, sha } of files) {
    const contents = await state.blob(sha);
    if (!contents) throw new Error(`${file} was never uploaded`);
    const end = file.indexOf(".func/");
    const name = file.startsWith(FUNCTIONS) && end > 0 ? file.slice(FUNCTIONS.length, end) : OUTPUT;
    const unit = units.get(name) ?? { files: {} };
    unit.files[file] = contents;
    units.set(name, unit);
  }
  const toUnit = ([name, { files: own }]: [string, { files: Record<string, Uint8Array> }]): UploadedUnit => ({
    name,
    files: own,
    entry: name === OUTPUT ? `${OUTPUT}config.json` : entryOf(name, own),
    env,
  });
  return { target: "vercel", variant: "build-output", units: [...units].map(toUnit), routes: [] };
}

function entryOf(name: string, files: Record<string, Uint8Array>): string {
  const folder = `${FUNCTIONS}${name}.func/`;
  const settings = files[`${folder}.vc-config.json`];
  const { handler, entrypoint } = JSON.parse(Buffer.from(settings ?? []).toString("utf8")) as Record<string, string>; // a string either way, or the start fails
  return `${folder}${entrypoint ?? handler}`;
}
