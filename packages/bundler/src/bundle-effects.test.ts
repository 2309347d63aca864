import assert from "node:assert/strict";
import { test } from "node:test";
import { type Effect, findEffect } from "./bundle-effects.ts";

const cases: Record<Effect, string[]> = {
  none: [
    'import { a } from "./a.ts";\nexport function b() { return a(); }\nexport type C = typeof a;',
    'import "./a.ts";\nexport * from "./b.ts";\nexport { c } from "./c.ts";',
    '"use strict";\nexport const limits = { most: 3, names: ["a", `b`], of: () => globalThis };',
    "export class Shape { sides = read(); static kind = 1; area() { return globalThis.area; } }",
    "export enum Color { Red, Green }\ninterface Unused { a: string }",
  ],
  reads: [
    "class Shape {}\nShape.sides = 4;\nexport { Shape };",
    'var Color;\n(function (Color) { Color["Red"] = 1; })(Color || (Color = {}));\nexport { Color };',
    "export const flag = globalThis.flag;",
    'import * as z from "zod";\nexport const schema = z.object({});',
    "export const started = new Date();",
    "export default process.env.NAME ?? 1;",
    "export class Shape { static now = Date.now(); }",
    "class Shape {}\nObject.freeze(Shape);\nexport default Shape;",
    'import old from "old";\nexport { old };',
  ],
  writes: [
    "globalThis.flag = 1;",
    "process.env.TZ = 'UTC';",
    'import { register } from "./registry.ts";\nregister("a");',
    "Array.prototype.last = function () { return this.at(-1); };",
    "if (!globalThis.fetch) globalThis.fetch = () => {};",
    "export const ready = await connect();",
    "export const done = (() => { globalThis.flag = 1; return true; })();",
    "export const before = (globalThis.count = 1);",
    "let count = 0;\nfor (const name of names) count++;",
    'import "old";',
    'import { settings } from "./settings.ts";\nsettings.debug = true;',
  ],
};

for (const [effect, texts] of Object.entries(cases)) {
  test(`at import, ${effect === "none" ? "nothing" : "something"} happens (${effect})`, () => {
    for (const text of texts) assert.equal(findEffect("a.ts", text, new Set(["old"])), effect, text);
  });
}
