/**
 * The fixed facts of the account that the emulator plays, and the shapes of AWS's identifiers.
 * @module
 */
import { randomBytes, randomUUID } from "node:crypto";

export const ACCOUNT = "123456789012";
export const REGION = "us-east-1";

/** Bytes; checked 2026-11-21 against the Lambda quotas page and the runtime interface emulator (6 MiB + 100). */
export const INVOKE_REQUEST_LIMIT: number = 6 * 1024 * 1024;
export const INVOKE_RESPONSE_LIMIT: number = 6 * 1024 * 1024 + 100;
export const STREAM_RESPONSE_LIMIT: number = 200 * 1024 * 1024;

export interface Identity {
  /** UUID, as the Lambda and REST request ids are. */
  requestId: string;
  /** Short id of HTTP APIs, as in `JKJaXmPLvHcESHA=`. */
  shortId: string;
  trace: string;
  now: Date;
}

export function newIdentity(): Identity {
  const now = new Date();
  const seconds = Math.floor(now.getTime() / 1000).toString(16);
  return {
    requestId: randomUUID(),
    shortId: `${randomBytes(11).toString("base64url")}=`,
    trace: `Root=1-${seconds}-${randomBytes(12).toString("hex")}`,
    now,
  };
}

export function functionArn(name: string): string {
  return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Common log format in UTC, as `requestContext.time`: `12/Mar/2020:19:03:58 +0000`. */
export function logTime(date: Date): string {
  const iso = date.toISOString();
  return `${iso.slice(8, 10)}/${MONTHS[date.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
