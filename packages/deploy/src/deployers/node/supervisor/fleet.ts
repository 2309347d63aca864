/**
 * The workers of one release: started beside others, started again when they end by themselves, drained.
 * @module
 */
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Report } from "./figures.ts";
import { hideSecrets } from "./lines.ts";
import { Refusal } from "./refusal.ts";
import type { FleetStatus, ReleaseFile, SecretsFile } from "./words.ts";
import { Worker } from "./worker.ts";

/** Milliseconds: the first pause before a worker is started again, doubled up to the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;
/** A worker that lived so long did not end because it could not start. */
const STABLE = 30_000;
const PROBE = 100;
/** What a worker sees of the supervisor's own environment. */
const PASSED = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

export interface FleetHooks {
  log(source: string, text: string): void;
  report(id: string, report: Report): void;
  /** A worker became ready: who waits for one may come. */
  ready(): void;
  /** A worker ended before it took these. */
  left(sockets: Socket[]): void;
  /** After a drain, when the last worker has ended. */
  gone(fleet: Fleet): void;
}

export class Fleet {
  readonly release: ReleaseFile;
  readonly #secrets: SecretsFile;
  readonly #hooks: FleetHooks;
  readonly #workers: (Worker | undefined)[];
  readonly #timers = new Set<NodeJS.Timeout>();
  #turn = 0;
  #crashes = 0;
  #pause = FIRST_PAUSE;
  #clock = false;
  draining = false;
  hadTraffic = false;

  constructor(release: ReleaseFile, secrets: SecretsFile, hooks: FleetHooks) {
    this.release = release;
    this.#secrets = secrets;
    this.#hooks = hooks;
    this.#workers = Array.from({ length: release.settings.workers });
  }

  get id(): string {
    return this.release.id;
  }

  get revision(): number {
    return this.#secrets.revision;
  }

  get isReady(): boolean {
    return this.#workers.some((worker) => worker?.ready);
  }

  get scheme(): "http" | "https" | undefined {
    return this.#workers.find((worker) => worker?.scheme)?.scheme;
  }

  /** Starts all workers. Rejects with a Refusal, and leaves none, when one does not get ready. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#workers.map((_, place) => this.#start(place, true)));
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  /** Starts all workers, and tries again for as long as it takes. */
  persist(): void {
    for (const place of this.#workers.keys()) this.#start(place, false).catch(() => {});
  }

  take(socket: Socket): boolean {
    for (let tries = 0; tries < this.#workers.length; tries++) {
      this.#turn = (this.#turn + 1) % this.#workers.length;
      if (this.#workers[this.#turn]?.take(socket)) {
        this.hadTraffic = true;
        return true;
      }
    }
    return false;
  }

  /** Whether the schedules of the app are called by this release. */
  setClock(on: boolean): void {
    this.#clock = on;
    this.#workers[0]?.clock(on);
  }

  /** Has clients that keep a connection come anew. */
  cycle(): void {
    for (const worker of this.#workers) worker?.cycle();
  }

  drain(time: number = this.release.settings.drain): void {
    if (this.draining) return;
    this.draining = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const worker of this.#workers) {
      if (worker?.ready) worker.drain(time);
      else worker?.kill();
    }
    this.#checkGone();
  }

  /** For the end of the supervisor: idle connections are closed, what is being answered may finish. */
  end(time: number): void {
    this.draining = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const worker of this.#workers) worker?.end(time);
    this.#checkGone();
  }

  kill(): void {
    this.draining = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const worker of this.#workers) worker?.kill();
    this.#checkGone();
  }

  status(share: number): FleetStatus {
    const ready = this.#workers.filter((worker) => worker?.ready).length;
    const port = Number(this.#workers.find((worker) => worker?.url)?.url?.port) || undefined;
    const state = this.draining ? "draining" : ready === this.#workers.length ? "ready" : "starting";
    const { id, revision } = this;
    return { id, share, state, ready, workers: this.#workers.length, crashes: this.#crashes, port, revision };
  }

  /** Resolves when the worker is ready. One that must start `first` is not started again when it ends before. */
  #start(place: number, first: boolean): Promise<void> {
    const { settings, id } = this.release;
    const begun = Date.now();
    return new Promise((resolve, reject) => {
      const fail = (why: string) => {
        clearTimeout(timer);
        const said = worker.lines.map((line) => this.#hide(line)).join("\n");
        const refusal = new Refusal("start-failed", `Release ${id} ${why}.${said ? ` It says:\n${said}` : ""}`);
        reject(refusal);
      };
      const timer = setTimeout(() => {
        fail(`was not ready within ${settings.start / 1000} s`);
        worker.kill();
      }, settings.start);
      let isUp = false;
      const worker = new Worker({
        folder: join(process.cwd(), "releases", id),
        env: this.#env(),
        onLine: (line) => this.#hooks.log(this.release.function, this.#hide(line)),
        onReport: (report) => this.#hooks.report(id, report),
        onReady: async () => {
          if (!worker.scheme) {
            fail("takes no connections from a supervisor: build it again with this version of Godwit");
            return worker.kill();
          }
          if (!(await this.#probe(worker, settings.health, begun + settings.start))) return;
          clearTimeout(timer);
          if (this.draining) return worker.kill();
          isUp = worker.ready = true;
          if (place === 0) worker.clock(this.#clock);
          this.#hooks.ready();
          resolve();
        },
        onEnd: (left) => {
          this.#workers[place] = undefined;
          this.#hooks.left(left);
          if (this.draining) return this.#checkGone();
          if (isUp) {
            this.#crashes++;
            // Whoever it was answering got no answer.
            this.#hooks.report(id, { requests: 1, errors: 1, times: [] });
          }
          if (!isUp) fail("ended before it was ready");
          if (!isUp && first) return;
          this.#hooks.log("supervisor", `A worker of release ${id} ended by itself.`);
          this.#again(place, Date.now() - begun);
        },
      });
      this.#workers[place] = worker;
    });
  }

  #again(place: number, lived: number): void {
    if (lived > STABLE) this.#pause = FIRST_PAUSE;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(place, false).catch(() => {});
    }, this.#pause);
    this.#timers.add(timer);
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2);
  }

  async #probe(worker: Worker, path: string | undefined, until: number): Promise<boolean> {
    if (path === undefined) return true;
    while (Date.now() < until) {
      const answer = await fetch(new URL(path, worker.url), { redirect: "manual" }).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return true;
      await new Promise((resolve) => setTimeout(resolve, PROBE));
    }
    return false;
  }

  #env(): Record<string, string> {
    const env: Record<string, string> = {};
    for (const name of PASSED) {
      const value = process.env[name];
      if (value !== undefined) env[name] = value;
    }
    Object.assign(env, { NODE_ENV: "production" }, this.release.settings.vars);
    for (const name of this.release.secrets) {
      const value = this.#secrets.values[name];
      if (value !== undefined) env[name] = value;
    }
    return Object.assign(env, { HOST: "127.0.0.1", PORT: "0", GODWIT_SUPERVISED: "1" });
  }

  /** A secret that the app prints by mistake is not kept. */
  #hide(line: string): string {
    return hideSecrets(line, this.#secrets.values);
  }

  #checkGone(): void {
    if (this.#workers.every((worker) => worker === undefined)) this.#hooks.gone(this);
  }
}
