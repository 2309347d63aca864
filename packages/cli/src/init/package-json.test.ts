import assert from "node:assert/strict";
import { test } from "node:test";
import { addToPackage, parsePackage } from "./package-json.ts";

const add = (text: string) =>
  addToPackage("package.json", text, {
    scripts: { dev: "godwit dev", test: "node --test" },
    dependencies: { "@godwit/core": "^1.0.0" },
    devDependencies: { godwit: "^1.0.0" },
  });

for (const [what, before, after] of [
  [
    "two spaces",
    '{\n  "name": "a",\n  "files": ["dist"]\n}\n',
    '{\n  "name": "a",\n  "files": ["dist"],\n  "scripts": {\n    "dev": "godwit dev",\n    "test": "node --test"\n  },\n  "dependencies": {\n    "@godwit/core": "^1.0.0"\n  },\n  "devDependencies": {\n    "godwit": "^1.0.0"\n  }\n}\n',
  ],
  [
    "tabs and sections that are there",
    '{\n\t"scripts": {\n\t\t"test": "vitest }, {"\n\t},\n\t"dependencies": {},\n\t"devDependencies": { "x": "1" },\n\t"deep": { "scripts": { "y": [1, {}] } }\n}',
    '{\n\t"scripts": {\n\t\t"test": "vitest }, {",\n\t\t"dev": "godwit dev"\n\t},\n\t"dependencies": {\n\t\t"@godwit/core": "^1.0.0"\n\t},\n\t"devDependencies": { "x": "1", "godwit": "^1.0.0" },\n\t"deep": { "scripts": { "y": [1, {}] } }\n}',
  ],
  [
    "the line ends of Windows and npm's own word for no test",
    '{\r\n    "scripts": {\r\n        "test": "echo \\"Error: no test specified\\" && exit 1"\r\n    },\r\n    "peerDependencies": {\r\n        "@godwit/core": "*",\r\n        "godwit": "*"\r\n    }\r\n}\r\n',
    '{\r\n    "scripts": {\r\n        "test": "node --test",\r\n        "dev": "godwit dev"\r\n    },\r\n    "peerDependencies": {\r\n        "@godwit/core": "*",\r\n        "godwit": "*"\r\n    }\r\n}\r\n',
  ],
] as const) {
  test(`a package.json keeps its form: ${what}`, () => {
    assert.equal(add(before), after);
    assert.equal(add(after), after);
  });
}

test("odd but valid texts stay valid, and keep what they had", () => {
  for (const text of [
    "{}",
    "{ }",
    "\uFEFF{}",
    '{"a":1}',
    '{"a":{"b":"}"},"scripts":{}}',
    '{"a":"\\"}","dependencies":{"x":"1"}}',
    '{\n"scripts":\n{\n}\n,"n":null,"t":[true,-1.5e3]}',
    '{"scripts":{"a\\"b":"c"}}',
  ]) {
    const own = parsePackage("package.json", text) as Record<string, unknown>;
    const result = parsePackage("package.json", add(text)) as Record<string, unknown>;
    assert.equal(result.scripts && (result.scripts as Record<string, string>).dev, "godwit dev", text);
    for (const [key, value] of Object.entries(own)) {
      if (typeof value === "object" && value !== null && !Array.isArray(value))
        assert.deepEqual({ ...(result[key] as object), ...value }, result[key], text);
      else assert.deepEqual(result[key], value, text);
    }
  }
});

test("install scripts are allowed where the package has not decided about them", () => {
  const wanted = { allowScripts: { esbuild: true, workerd: true, "aws-lambda-ric": false } };
  assert.equal(
    addToPackage(
      "package.json",
      '{\n  "allowScripts": {\n    "sharp": true,\n    "esbuild@0.28.2": true,\n    "workerd": false\n  }\n}\n',
      wanted,
    ),
    '{\n  "allowScripts": {\n    "sharp": true,\n    "esbuild@0.28.2": true,\n    "workerd": false,\n    "aws-lambda-ric": false\n  }\n}\n',
  );
  assert.deepEqual(JSON.parse(addToPackage("package.json", "{}", wanted)), wanted);
});
