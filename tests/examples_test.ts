import { expect } from "expect";

const root = new URL("../", import.meta.url);

/** Each example with its arguments, and the files that it writes into its folder. */
const EXAMPLES: [name: string, args: (folder: string) => string[], files: string[]][] = [
  ["file_to_file.ts", (folder) => ["docs/coffee.png", `${folder}/larger.png`], ["larger.png"]],
  ["progress_and_cancel.ts", () => ["docs/coffee.png", "600"], []],
  [
    "previews.ts",
    (folder) => ["docs/coffee.png", folder],
    ["1-of-4.png", "2-of-4.png", "3-of-4.png", "4-of-4.png"],
  ],
  [
    "samples_and_uncertainty.ts",
    (folder) => ["docs/coffee.png", folder],
    ["mean.png", "uncertainty.png"],
  ],
  [
    "folder.ts",
    (folder) => {
      Deno.mkdirSync(`${folder}/from`);
      for (const name of ["coffee.png", "chelsea.png"]) {
        Deno.copyFileSync(new URL(`docs/${name}`, root), `${folder}/from/${name}`);
      }
      return [`${folder}/from`, folder];
    },
    ["chelsea.jpg", "coffee.jpg"],
  ],
];

for (const [name, args, files] of EXAMPLES) {
  Deno.test(`examples/${name} runs and writes its files`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "srzoo-example-" });
    try {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", `examples/${name}`, ...args(folder)],
        cwd: root,
      }).output();
      expect([success, success ? "" : new TextDecoder().decode(stderr)]).toEqual([true, ""]);
      const written = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      expect(written).toEqual(expect.arrayContaining(files));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("every example is run by a test, except browser.ts, which says how to bundle it", async () => {
  const files = [...Deno.readDirSync(new URL("examples/", root))].map(({ name }) => name);
  const names = files.filter((name) => name.endsWith(".ts")).sort();
  expect(names).toEqual([...EXAMPLES.map(([name]) => name), "browser.ts"].sort());
  const text = await Deno.readTextFile(new URL("examples/browser.ts", root));
  expect(text).toContain("deno bundle --platform browser");
});

Deno.test("the README's program type-checks in a project that links the clone, without the DOM's types", async () => {
  const [, code] = (await Deno.readTextFile(new URL("README.md", root))).match(
    /^```ts\n([^]*?)^```$/m,
  )!;
  const folder = await Deno.makeTempDir({ prefix: "srzoo-example-" });
  try {
    const project = { links: [root.pathname], nodeModulesDir: "none", lock: false };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(project));
    // With the DOM's types, the last line would be valid and its directive an error.
    const noDom = "// @ts-expect-error: there is no page\ndocument.title;\n";
    const exports = ["zoo", "metrics", "diffusion"]
      .map((name) => `export * as ${name} from "jsr:@srzoo/core/${name}";\n`).join("");
    await Deno.writeTextFile(`${folder}/program.ts`, code + exports + noDom);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "program.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    expect([success, success ? "" : new TextDecoder().decode(stderr)]).toEqual([true, ""]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
