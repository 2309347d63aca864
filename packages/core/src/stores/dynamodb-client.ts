/**
 * The calls of a `dynamodb()` store: DynamoDB's own JSON protocol over fetch, signed with AWS's Signature Version 4.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
 * @module
 */
import { GodwitError } from "../errors.ts";
import { readText } from "../http/bytes.ts";
import { failed, refused, Transient } from "./remote.ts";

/** An attribute as DynamoDB spells it: text, a number, bytes in base64, or a list. */
export type Attribute = { S?: string; N?: string; B?: string; L?: Attribute[] };
export type Item = Record<string, Attribute>;

export interface Answer {
  Item?: Item;
  Attributes?: Item;
  Items?: Item[];
  LastEvaluatedKey?: Item;
}

/** One attempt of one call. Undefined where its condition does not hold. */
export type Send = (action: string, input: object, signal: AbortSignal) => Promise<Answer | undefined>;

/** Bytes of an answer: DynamoDB's own are of a megabyte, and some more as Base64. */
const MOST = 16_777_216;
/** It comes too fast: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
const THROTTLED = /Throughput|Throttl|RequestLimit/;
const CREDENTIAL = /Denied|UnrecognizedClient|Token|Signature|NotAuthorized/;

/**
 * Reads what Lambda gives its functions, under AWS's own names: the table's variable, region, keys, an endpoint. Throws
 * STORE_DYNAMODB_UNSET.
 */
export function createSend(store: string, variable: string, bindings: Record<string, unknown>): Send {
  const read = (...names: string[]): string => {
    for (const name of names) if (typeof bindings[name] === "string" && bindings[name]) return bindings[name];
    throw new GodwitError(
      "STORE_DYNAMODB_UNSET",
      `The store "${store}" is a DynamoDB table, and ${names[0]} is not set. \`godwit deploy\` to AWS sets it; elsewhere give it a value.`,
    );
  };
  const table = read(variable);
  const region = read("AWS_REGION", "AWS_DEFAULT_REGION");
  const own = `https://dynamodb.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
  const url = new URL(read("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL", own));
  const sign = createSigner({
    region,
    id: read("AWS_ACCESS_KEY_ID"),
    secret: read("AWS_SECRET_ACCESS_KEY"),
    token: bindings.AWS_SESSION_TOKEN,
  });
  return async (action, input, signal) => {
    const body = JSON.stringify({ TableName: table, ...input });
    const headers = await sign(url, `DynamoDB_20120810.${action}`, body, new Date());
    let status: number;
    let answer: Answer & { __type?: string; message?: string; Message?: string };
    try {
      // The session's token is for this address alone.
      const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
      status = response.status;
      const text = (await readText(response, MOST)) ?? "";
      // A proxy's page is no answer of DynamoDB.
      answer = status < 500 || text.startsWith("{") ? JSON.parse(text) : {};
    } catch (cause) {
      throw new Transient("no answer that could be read", { cause });
    }
    if (status < 300) return answer;
    const type = answer.__type?.split("#").at(-1) ?? `status ${status}`;
    const message = answer.message ?? answer.Message ?? "";
    if (type === "ConditionalCheckFailedException") return undefined;
    if (status >= 500 || status === 429 || THROTTLED.test(type)) throw new Transient(type);
    if (CREDENTIAL.test(type)) {
      // What it says of a signature has the session's token in it.
      const more = type === "AccessDeniedException" ? `: ${message}` : "";
      throw refused(store, `AWS_ACCESS_KEY_ID, or of the role that it is of (${type}${more})`);
    }
    if (type === "ResourceNotFoundException") {
      throw failed(store, `there is no table ${table} in ${region}, which ${variable} names. Deploy, or mend that`);
    }
    throw failed(store, `${type}: ${message}`);
  };
}

/** Milliseconds for who reads, whole seconds for the table, which forgets it within days. */
export function toExpiry(expires: number | undefined, slack = 0): Item {
  return expires === undefined
    ? {}
    : { e: { N: String(expires) }, t: { N: String(Math.ceil(expires / 1000) + slack) } };
}

interface Credentials {
  region: string;
  id: string;
  secret: string;
  token?: unknown;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function createSigner({
  region,
  id,
  secret,
  token,
}: Credentials): (url: URL, target: string, body: string, at: Date) => Promise<Record<string, string>> {
  const { subtle } = crypto;
  const encode = (text: string) => new TextEncoder().encode(text);
  const hex = (bytes: ArrayBuffer) =>
    [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, "0")).join("");
  const hash = async (text: string) => hex(await subtle.digest("SHA-256", encode(text)));
  const hmac = async (key: BufferSource, text: string) => {
    const made = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return subtle.sign("HMAC", made, encode(text));
  };
  let day = "";
  let key: Promise<ArrayBuffer>;
  return async (url, target, body, at) => {
    const time = at.toISOString().replace(/[-:]|\.\d+/g, "");
    const scope = `${time.slice(0, 8)}/${region}/dynamodb/aws4_request`;
    if (day !== scope) {
      day = scope;
      key = scope
        .split("/")
        .reduce<Promise<ArrayBuffer>>(
          async (before, part) => hmac(await before, part),
          Promise.resolve(encode(`AWS4${secret}`).buffer),
        );
    }
    const headers: Record<string, string> = {
      "content-type": "application/x-amz-json-1.0",
      host: url.host,
      "x-amz-date": time,
      ...(typeof token === "string" && token && { "x-amz-security-token": token }),
      "x-amz-target": target,
    };
    const names = Object.keys(headers).join(";");
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const request = ["POST", url.pathname, "", lines.join(""), names, await hash(body)].join("\n");
    const text = ["AWS4-HMAC-SHA256", time, scope, await hash(request)].join("\n");
    const signature = hex(await hmac(await key, text));
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return headers;
  };
}
