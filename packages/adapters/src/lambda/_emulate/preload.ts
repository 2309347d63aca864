/**
 * Source of the CommonJS preload that stands in for the native half of AWS's runtime client (`rapid-client.node`), so
 * that no compiler is needed. All else in the child process is AWS's own code.
 * @module
 */

/**
 * `next` also tells the CPU time used (microseconds) since this half was asked for, which is how start-up and first use
 * are measured without looking into the process from outside. The start of Node, before it, is ten times what follows
 * and differs from run to run by more than a function takes.
 */
export const PRELOAD = `"use strict";
const Module = require("node:module");
const http = require("node:http");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
function call(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method, path: "/2018-06-01/runtime/invocation/" + path, headers, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ bodyJson: Buffer.concat(chunks).toString(), headers: response.headers }));
    });
    request.on("error", reject);
    request.end(body);
  });
}
let last = Promise.resolve();
let before;
function post(path, headers, text) {
  const body = Buffer.from(text);
  last = call("POST", path, { "content-type": "application/json", "content-length": body.length, ...headers }, body);
  last.catch(() => {});
}
const native = {
  async next() {
    await last;
    const cpu = process.cpuUsage(before);
    return call("GET", "next", { "godwit-cpu": String(cpu.user + cpu.system) });
  },
  done(id, text) {
    post(id + "/response", {}, text);
  },
  error(id, text, xray) {
    const ascii = xray.replace(/[^ -~]/g, (c) => "\\\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
    post(id + "/error", { "lambda-runtime-function-xray-error-cause": ascii.length > 65536 ? "" : ascii }, text);
  },
};
const load = Module._load;
Module._load = function (request, ...rest) {
  if (request !== "./rapid-client.node") return load.call(this, request, ...rest);
  before ??= process.cpuUsage();
  return native;
};
`;
