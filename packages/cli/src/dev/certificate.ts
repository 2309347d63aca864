/**
 * A certificate for this machine alone, kept in the app's `.godwit/` so that a browser is asked once.
 * @module
 */
import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { keepInOwn } from "@godwit/bundler";
import { GodwitError } from "@godwit/core/errors";

export interface Certificate {
  /** PEM. */
  key: string;
  cert: string;
}

const DAY = 24 * 60 * 60 * 1000;
/** Browsers refuse what is valid for longer than 398 days. */
const DAYS = 365;

/** Valid for localhost, 127.0.0.1, ::1 and `host`. Throws DEV_READ_ONLY where it cannot be kept. */
export async function ownCertificate(root: string, host: string): Promise<Certificate> {
  const folder = join(root, ".godwit", "https");
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kept = await readBoth(keyFile, certFile).catch(() => undefined);
  if (kept && isGood(kept.cert, host)) return kept;
  const { generate } = await import("selfsigned");
  const names = [...new Set(["localhost", "127.0.0.1", "::1", ...(isAny(host) ? [] : [host])])];
  const altNames = names.map((name) =>
    isIP(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
  );
  const now = Date.now();
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(now - DAY),
    notAfterDate: new Date(now + (DAYS - 1) * DAY),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames },
    ],
  });
  await keepInOwn(root, "https", async () => {
    await writeFile(keyFile, made.private, { mode: 0o600 });
    await writeFile(certFile, made.cert);
  });
  return { key: made.private, cert: made.cert };
}

/** The user's own. Throws CERTIFICATE_UNREADABLE. */
export async function readCertificate(key: string, cert: string): Promise<Certificate> {
  try {
    return await readBoth(key, cert);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GodwitError("CERTIFICATE_UNREADABLE", `--cert and --key name PEM files: ${why}`, { cause });
  }
}

async function readBoth(keyFile: string, certFile: string): Promise<Certificate> {
  const [key, cert] = await Promise.all([readFile(keyFile, "utf8"), readFile(certFile, "utf8")]);
  return { key, cert };
}

function isGood(pem: string, host: string): boolean {
  const certificate = new X509Certificate(pem);
  const covers = isAny(host) || (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host));
  return Boolean(covers) && Date.parse(certificate.validTo) > Date.now() + 7 * DAY;
}

const isAny = (host: string): boolean => host === "0.0.0.0" || host === "::";
