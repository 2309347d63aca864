/**
 * Routes in API Gateway's syntax: `ANY /users/{id}`, `ANY /files/{proxy+}`, `$default`. It tells segments apart and no
 * more, so that functions check matchers and malformed paths again, and answer 404 themselves.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 * @module
 */
import type { FunctionPlan } from "@godwit/bundler/contracts";
import { GodwitError } from "@godwit/core/errors";
import type { FrontRoute } from "@godwit/core/manifest";
import { expandOptionals, type Segment } from "@godwit/core/pattern";
import type { FrontName } from "./limits.ts";

/** A path of the front as a tree: siblings may not give one variable two names. */
interface Node {
  statics: Map<string, Node>;
  variable?: { name: string; node: Node };
  own?: string;
  greedy?: string;
}

/**
 * The front's routes, sorted. Those of a fallback need none: it takes what is left. `assets` are paths of `public/`: those that a function's route would take get one of
 * their own, so that files win; the rest reach the fallback anyway.
 */
export function createFront(plans: readonly FunctionPlan[], assets: readonly string[], front: FrontName): FrontRoute[] {
  const fallback = (plans.find(({ role }) => role === "fallback") ?? plans[0])?.id;
  if (fallback === undefined) return [];
  const root = createNode();
  for (const { id, routes, role } of plans) {
    if (role === "fallback") continue;
    for (const { segments } of routes) {
      for (const path of expandOptionals(segments)) place(root, path, id);
    }
  }
  for (const asset of assets) {
    const segments = asset.slice(1).split("/");
    if (reaches(root, segments)) place(root, segments.map(toStatic), fallback);
  }
  if (front === "http-api") return [...list(root, ""), { match: "$default", function: fallback }];
  // REST has no $default.
  root.own ??= fallback;
  root.greedy ??= fallback;
  pushDown(root);
  return list(root, "");
}

const createNode = (): Node => ({ statics: new Map() });
const toStatic = (value: string): Segment => ({ kind: "static", value });

function place(root: Node, path: readonly Segment[], id: string): void {
  let node = root;
  for (const { kind, value } of path) {
    if (kind === "rest" || kind === "optional-rest") {
      node.greedy = claim(node.greedy, id, `${value}+`);
      if (kind === "rest") return;
    } else if (kind === "static") {
      const next = node.statics.get(value) ?? createNode();
      node.statics.set(value, next);
      node = next;
    } else {
      node.variable ??= { name: value, node: createNode() };
      node = node.variable.node;
    }
  }
  node.own = claim(node.own, id, path.map(({ value }) => value).join("/"));
}

function claim(owner: string | undefined, id: string, path: string): string {
  if (owner === undefined || owner === id) return id;
  throw new GodwitError(
    "LAMBDA_ROUTES_OVERLAP",
    `The functions ${owner} and ${id} both have the path ${path} for API Gateway, which knows no matchers. Put those routes in one group.`,
  );
}

/** Whether a route takes the path of a file. */
function reaches(node: Node, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return node.own !== undefined;
  if (node.greedy !== undefined) return true;
  const known = node.statics.get(first);
  return (known !== undefined && reaches(known, rest)) || (node.variable ? reaches(node.variable.node, rest) : false);
}

/**
 * REST takes one variable below a resource: beside `{id}` no `{proxy+}` can be. What it would have matched with two
 * segments or more goes below `{id}`; with one segment `{id}` is the more specific.
 */
function pushDown(node: Node): void {
  const { variable, greedy } = node;
  if (variable && greedy !== undefined) {
    variable.node.own ??= greedy;
    variable.node.greedy ??= greedy;
    node.greedy = undefined;
  }
  if (variable) pushDown(variable.node);
  for (const child of node.statics.values()) pushDown(child);
}

function list(node: Node, path: string): FrontRoute[] {
  const toRoute = (at: string, id: string | undefined): FrontRoute[] =>
    id === undefined ? [] : [{ match: `ANY ${at || "/"}`, function: id }];
  const statics = [...node.statics].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...toRoute(path, node.own),
    ...statics.flatMap(([text, child]) => list(child, `${path}/${encodeURIComponent(text)}`)),
    ...(node.variable ? list(node.variable.node, `${path}/{${node.variable.name}}`) : []),
    ...toRoute(`${path}/{proxy+}`, node.greedy),
  ];
}
