import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { build } from "esbuild";
import { createFolder, linkPackage } from "./bundle.fixture.ts";
import { createNamer } from "./bundle-names.ts";
import { importNamespaces } from "./optimise.ts";

async function bundleIt(root: string, file: string, optimised: boolean): Promise<string> {
  const originals = new Map<string, string>();
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    format: "esm",
    platform: "node",
    mainFields: ["module", "main"],
    minify: true,
    write: false,
    plugins: optimised ? [importNamespaces({ originals, nameOf: createNamer(root).nameOf })] : [],
  });
  return outputFiles[0]?.text ?? "";
}

async function run(code: string): Promise<unknown> {
  return (await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`)).default;
}

function createApp(t: TestContext, files: Record<string, string>): string {
  const root = createFolder(t, files);
  linkPackage(root, "zod", "packages/adapters/node_modules/zod");
  return root;
}

const USE = `
const schema = z.object({ id: z.string().min(2), tags: z.array(z.coerce.number()).optional() });
const good = schema.safeParse({ id: "ab", tags: ["1", 2] });
const bad = schema.safeParse({ id: "a" });
export default JSON.stringify([good, bad.error?.issues, z.prettifyError(bad.error!)]);
`;

for (const line of [
  'import { z } from "zod";',
  'import z from "zod";',
  'import { z } from "zod/v4";',
  'import { z, ZodError, type ZodType } from "zod";\nconst unused: ZodType | undefined = undefined; void ZodError;',
  'import {\n  z,\n} from "zod"',
]) {
  test(`${line.split("\n")[0]} does the same in a fraction of the bytes`, async (t) => {
    const root = createApp(t, { "a.ts": `${line}\n${USE}` });
    const plain = await bundleIt(root, "a.ts", false);
    const small = await bundleIt(root, "a.ts", true);
    assert.equal(await run(small), await run(plain));
    assert.ok(small.length < plain.length * 0.5, `${small.length} of ${plain.length}`);
  });
}

test("a whole namespace handed on is the same object, member by member", async (t) => {
  const use = "export default JSON.stringify([Object.keys(z).sort(), z === Reflect.get({ z }, 'z'), 'z' in z]);";
  const root = createApp(t, { "a.ts": `import { z } from "zod";\n${use}` });
  assert.equal(await run(await bundleIt(root, "a.ts", true)), await run(await bundleIt(root, "a.ts", false)));
});

test("an export that is no namespace of its package stays as it is", async (t) => {
  const root = createApp(t, {
    "a.ts": 'import { object, string } from "zod";\nexport default object({ a: string() }).safeParse({}).success;',
  });
  assert.equal(await bundleIt(root, "a.ts", true), await bundleIt(root, "a.ts", false));
});

test("a barrel that does something when it is loaded is loaded", async (t) => {
  const root = createFolder(t, {
    "a.js": 'import { z } from "zod";\nexport default z.name + globalThis.loaded;',
    "node_modules/zod/package.json": '{ "name": "zod", "version": "1.0.0", "type": "module", "main": "index.js" }',
    "node_modules/zod/index.js": 'import * as z from "./z.js"; globalThis.loaded = "!"; export { z };',
    "node_modules/zod/z.js": 'export const name = "z"; export const other = "never used";',
  });
  assert.equal(await run(await bundleIt(root, "a.js", true)), "z!");
});

test("source maps show the line that the author wrote", async (t) => {
  const root = createApp(t, { "a.ts": `import { z } from "zod";\n${USE}` });
  const originals = new Map<string, string>();
  await build({
    absWorkingDir: root,
    entryPoints: ["a.ts"],
    bundle: true,
    write: false,
    plugins: [importNamespaces({ originals, nameOf: createNamer(root).nameOf })],
  });
  assert.match(originals.get("a.ts") ?? "", /^import \{ z \} from "zod";/);
});

test("what is small already stays as it is: zod/mini, and a namespace", async (t) => {
  for (const from of ['{ z } from "zod/mini"', '* as z from "zod/mini"', '* as z from "zod"']) {
    const root = createApp(t, {
      "a.ts": `import ${from};\nexport default JSON.stringify(z.object({ a: z.string() }).safeParse({ a: "b" }));\n`,
    });
    const [plain, small] = [await bundleIt(root, "a.ts", false), await bundleIt(root, "a.ts", true)];
    assert.ok(small.length <= plain.length, `${from}: ${small.length} of ${plain.length}`);
    assert.deepEqual(await run(small), await run(plain));
  }
});
