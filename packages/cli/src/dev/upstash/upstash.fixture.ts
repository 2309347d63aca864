import { findProgram } from "../../../../../test/programs.ts";
import { openUpstash, type UpstashFront } from "./front.ts";
import { type RedisServer, startRedisServer } from "./redis-server.ts";

export interface Upstash extends UpstashFront {
  redis: RedisServer;
  /** As any client would: `body` goes as JSON, unless it is text. */
  ask(path: string, body?: unknown, headers?: Record<string, string>): Promise<{ status: number; body: unknown }>;
}

/** The front over a redis-server of its own; both end with the test. */
export async function startUpstash(t: { after(end: () => Promise<void>): void }): Promise<Upstash> {
  const redis = await startRedisServer({ program: findProgram("redis-server", "redis-server") });
  const front = await openUpstash({ redis });
  t.after(async () => {
    await front.close();
    await redis.close();
  });
  return {
    ...front,
    redis,
    async ask(path, body, headers = {}) {
      const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
      const response = await fetch(`${front.url}${path}`, {
        method: sent === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${front.token}`, ...headers },
        ...(sent !== undefined && { body: sent }),
      });
      return { status: response.status, body: await response.json() };
    },
  };
}
