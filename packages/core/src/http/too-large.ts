/**
 * What a client hears whose body is longer than it may be.
 * @module
 */
import { HttpError } from "../errors.ts";

/** A 413 with the code `BODY_TOO_LARGE` (RFC 9110 section 15.5.14). `most` is in bytes. */
export function tooLarge(most: number): HttpError {
  return new HttpError(413, {
    title: "Content Too Large",
    code: "BODY_TOO_LARGE",
    detail: `The body may have ${most} bytes at most.`,
  });
}
