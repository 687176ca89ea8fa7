import { expect } from "expect";
import { linkPackages } from "./_packages.ts";

const root = new URL("../", import.meta.url).pathname;

/** The outcome of a bundler: its messages, and the file. */
interface Bundle {
  messages: string;
  text: string;
}

/** Runs a bundler on an entry point, as a user would. */
async function bundle(
  bundler: (entry: string, result: string) => string[],
  entry: string,
  env: Record<string, string> = {},
): Promise<Bundle> {
  const result = await Deno.makeTempFile({ suffix: ".js" });
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: bundler(entry, result),
    cwd: root,
    env: { NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  const messages = decoder.decode(stdout) + decoder.decode(stderr);
  const text = await Deno.readTextFile(result);
  await Deno.remove(result);
  return { messages, text };
}

const withDeno = (
  entry: string,
  result: string,
) => ["bundle", "--quiet", "--platform", "browser", "-o", result, entry];
const withEsbuild = (entry: string, result: string) => [
  ...["run", "--quiet", "-A", "npm:esbuild@0.25.5", "--bundle", "--platform=browser"],
  ...["--format=esm", `--outfile=${result}`, entry],
];

/** What a page could not load: modules of Node, native code, and imports that are left over. */
function foreign({ text }: Bundle): string[] {
  const imports = text.matchAll(/(?:\bfrom|\bimport\(|^import)\s*["']([a-z@][\w@/:.-]*)["']/gm);
  const names = text.matchAll(/["'`](node:[a-z/]+|[\w./-]+\.node)["'`]/g);
  return [...imports, ...names].map(([, name]) => name);
}

Deno.test("the library bundles for a page with deno bundle, without externals", async () => {
  const result = await bundle(withDeno, "mod.ts");
  expect(foreign(result)).toEqual([]);
  const file = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(file, result.text);
  const { load, encodeImage } = await import(`file://${file}`);
  expect([typeof load, typeof encodeImage]).toEqual(["function", "function"]);
  await Deno.remove(file);
});

Deno.test("the library and the worker bundle for a page with esbuild, without externals", async () => {
  const packages = await linkPackages();
  try {
    const env = { NODE_PATH: packages };
    const library = await bundle(withEsbuild, "mod.ts", env);
    expect(library.messages).not.toContain("ERROR");
    expect(foreign(library)).toEqual([]);
    const worker = await bundle(withEsbuild, "lib/web_worker.ts", env);
    expect(worker.messages).not.toContain("ERROR");
    expect(worker.text).toContain("em-pthread");
    expect(worker.text).not.toContain("onnxruntime-node");
  } finally {
    await Deno.remove(packages, { recursive: true });
  }
});
