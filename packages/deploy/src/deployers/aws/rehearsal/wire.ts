/**
 * The protocols that AWS's services speak: a call becomes an action and its parameters, a result becomes an answer.
 * https://smithy.io/2.0/aws/protocols/index.html
 * @module
 */
import { randomUUID } from "node:crypto";
import type { Answer, Call } from "../../../rehearsal/server.ts";
import { type Params, parse, Refused } from "./cloud.ts";
import { matchRest } from "./rest.ts";

export interface Read {
  /** As permissions spell it: `apigateway`. */
  service: string;
  action: string;
  params: Params;
  protocol: "rest-json" | "json" | "query" | "s3";
  region: string;
  /** Empty when the call is not signed. */
  accessKey: string;
}

/** Names in the scope of a signature. */
const SERVICES: Record<string, { service: string; protocol: Read["protocol"] }> = {
  lambda: { service: "lambda", protocol: "rest-json" },
  apigateway: { service: "apigateway", protocol: "rest-json" },
  ssm: { service: "ssm", protocol: "json" },
  logs: { service: "logs", protocol: "json" },
  dynamodb: { service: "dynamodb", protocol: "json" },
  events: { service: "events", protocol: "json" },
  monitoring: { service: "cloudwatch", protocol: "json" },
  iam: { service: "iam", protocol: "query" },
  sts: { service: "sts", protocol: "query" },
  s3: { service: "s3", protocol: "s3" },
};

export function readCall(call: Call): Read {
  const scope = /Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(call.headers.authorization ?? "");
  const [, accessKey = "", region = "us-east-1", name = ""] = scope ?? [];
  const { service, protocol } = SERVICES[name] ?? { service: name || "unsigned", protocol: "json" };
  const base = { service, protocol, region, accessKey };
  if (protocol === "rest-json" || protocol === "s3") return { ...base, ...matchRest(service, call) };
  if (protocol === "query") {
    const form = new URLSearchParams(call.body.toString());
    return { ...base, action: form.get("Action") ?? "", params: unflatten(form) };
  }
  const action =
    String(call.headers["x-amz-target"] ?? "")
      .split(".")
      .at(-1) ?? "";
  return { ...base, action, params: parse(call.body) };
}

/** `Tags.member.1.Key=a` -> `{ Tags: [{ Key: "a" }] }`. */
function unflatten(form: URLSearchParams): Params {
  const root: Params = {};
  for (const [name, value] of form) {
    const parts = name.split(".");
    let node: Params = root;
    for (const part of parts.slice(0, -1)) {
      node[part] ??= {};
      node = node[part] as Params; // made in the line above
    }
    node[parts.at(-1) ?? ""] = value;
  }
  const fold = (node: unknown): unknown => {
    if (!node || typeof node !== "object") return node;
    const { member } = node as Params;
    if (member && typeof member === "object") return Object.values(member).map(fold);
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, fold(value)]));
  };
  return fold(root) as Params; // an object stays one
}

export function writeResult({ protocol, action }: Read, result: unknown, status = 200): Answer {
  const headers = { "x-amzn-requestid": randomUUID() };
  if (protocol === "s3") {
    const { xml, ...own } = (result ?? {}) as Record<string, string>; // headers and a document, as s3.ts gives them
    return { status, headers: { ...headers, ...own }, ...(xml && { body: Buffer.from(xml) }) };
  }
  if (protocol === "query") {
    const xml = `<${action}Response><${action}Result>${toXml(result)}</${action}Result><ResponseMetadata><RequestId>${headers["x-amzn-requestid"]}</RequestId></ResponseMetadata></${action}Response>`;
    return { status, headers: { ...headers, "content-type": "text/xml" }, body: Buffer.from(xml) };
  }
  if (status === 204 || (result === undefined && protocol === "rest-json")) return { status, headers };
  const type = protocol === "json" ? "application/x-amz-json-1.1" : "application/json";
  return { status, headers: { ...headers, "content-type": type }, body: Buffer.from(JSON.stringify(result ?? {})) };
}

export function writeError(protocol: Read["protocol"], error: unknown): Answer {
  const refused = error instanceof Refused ? error : new Refused("InternalFailure", String(error), 500);
  const { code, status, message, more } = refused;
  const headers = { "x-amzn-requestid": randomUUID() };
  if (protocol === "query" || protocol === "s3") {
    const inner = `<Code>${code}</Code><Message>${escapeXml(message)}</Message>`;
    const xml =
      protocol === "s3"
        ? `<Error>${inner}</Error>`
        : `<ErrorResponse><Error><Type>Sender</Type>${inner}</Error><RequestId>${headers["x-amzn-requestid"]}</RequestId></ErrorResponse>`;
    return { status, headers: { ...headers, "content-type": "text/xml" }, body: Buffer.from(xml) };
  }
  const body = { __type: code, Type: "User", message, Message: message, ...more };
  return { status, headers: { ...headers, "x-amzn-errortype": code }, body };
}

function toXml(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => `<member>${toXml(one)}</member>`).join("");
  if (value && typeof value === "object") {
    return Object.entries(value)
      .map(([key, one]) => (one === undefined ? "" : `<${key}>${toXml(one)}</${key}>`))
      .join("");
  }
  return escapeXml(String(value ?? ""));
}

const escapeXml = (value: string): string =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
