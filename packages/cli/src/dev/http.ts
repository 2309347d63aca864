/**
 * `node:http` without an `import` of it: that reads every export, one of which loads the platform's fetch, for 40 ms of
 * a start that should take 500.
 * @module
 */
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");
