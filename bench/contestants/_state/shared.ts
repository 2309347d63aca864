/** What all contestants of the table `state` have alike. */
export const BODY = "Hello, ".repeat(100);
export const MANY = 1_000_000_000;
export const ONE = 1;

export interface Env {
  REDIS_URL: string;
  UPSTASH_REDIS_REST_URL: string;
  UPSTASH_REDIS_REST_TOKEN: string;
}
