import { expect } from "expect";

/**
 * Deno downloads everything that a `deno.json` and its lock name, used or not. The programs in `cli/` therefore
 * have their own `deno.json`, without the packages of tests and bench. `deno run` finds it beside the script;
 * `deno test` and `deno check` use that of the root.
 */

const root = new URL("../", import.meta.url);

// deno-lint-ignore no-explicit-any
async function json(path: string): Promise<any> {
  return JSON.parse(await Deno.readTextFile(new URL(path, root)));
}

/** What a source imports, including the scripts of other threads. */
async function importsOf(path: string): Promise<string[]> {
  const text = (await Deno.readTextFile(new URL(path, root))).replace(/\/\*[\s\S]*?\*\//g, "");
  const found = text.matchAll(
    /(?:\bfrom |\bimport\(|^import |\bURL\((?="\.))\s*"([a-z@.][^":]*)"/gm,
  );
  // A module that bundlers for pages must not see is named without its folder and extension.
  const hidden = text.matchAll(/\bserverModule\(\s*"(\w+)"/g);
  return [...[...found].map(([, name]) => name), ...[...hidden].map(([, name]) => `./${name}.ts`)];
}

/** The packages that programs import, directly or in sources that they load. */
async function packagesOf(programs: readonly string[]): Promise<string[]> {
  const packages = new Set<string>();
  const sources = new Set<string>(programs);
  for (const source of sources) {
    for (const name of await importsOf(source)) {
      if (!name.startsWith(".")) packages.add(name);
      else if (name.endsWith(".ts")) {
        sources.add(new URL(name, new URL(source, root)).href.slice(root.href.length));
      }
    }
  }
  return [...packages].sort();
}

const programs = ["cli/upscale.ts", "cli/zoo.ts", "cli/generate.ts", "cli/schema.ts"];

Deno.test("cli/deno.json has the packages that its programs import, and no others", async () => {
  const { imports } = await json("cli/deno.json");
  expect(Object.keys(imports).sort()).toEqual(await packagesOf(programs));
});

Deno.test("cli/deno.json agrees with the root's deno.json", async () => {
  const [all, own] = [await json("deno.json"), await json("cli/deno.json")];
  for (const name of Object.keys(own.imports)) {
    expect([name, own.imports[name]]).toEqual([name, all.imports[name]]);
  }
  for (const key of ["nodeModulesDir", "allowScripts", "compilerOptions"]) {
    expect([key, own[key]]).toEqual([key, all[key]]);
  }
  expect(own.fmt.lineWidth).toBe(all.fmt.lineWidth);
});

Deno.test("cli/deno.lock pins the same versions as the root's, and no packages of tests and bench", async () => {
  const [all, own] = [await json("deno.lock"), await json("cli/deno.lock")];
  for (const [id, { integrity }] of Object.entries<{ integrity: string }>(own.npm)) {
    expect([id, integrity]).toEqual([id, all.npm[id]?.integrity]);
  }
  const { imports } = await json("cli/deno.json");
  expect(own.workspace.dependencies.length).toBeGreaterThan(5);
  const pinned = new Set(
    Object.values<string>(imports).map((name) => name.match(/^npm:@?[^@]+@[^/]+/)![0]),
  );
  expect(Object.keys(own.specifiers).filter((name) => !name.startsWith("npm:@types/")).sort())
    .toEqual([...pinned].sort());
});
