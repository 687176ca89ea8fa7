import { expect } from "expect";
import { linkPackages } from "./_packages.ts";

const root = new URL("../", import.meta.url).pathname;

/** A bundler's messages, and the file it wrote. */
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
const withEsbuild = (entry: string, result: string, ...more: string[]) => [
  ...["run", "--quiet", "-A", "npm:esbuild@0.25.5", "--bundle", "--platform=browser"],
  ...["--format=esm", `--outfile=${result}`, entry, ...more],
];

/** Size of a text in bytes, compressed as servers send it. */
async function gzipped(text: string): Promise<number> {
  const { body } = new Response(text);
  const packed = body!.pipeThrough<Uint8Array<ArrayBuffer>>(new CompressionStream("gzip"));
  return (await new Response(packed).bytes()).length;
}

/** Imports that a page cannot load: Node modules, native code, and imports that were not bundled. */
function foreign(bundle: Bundle): string[] {
  const text = bundle.text.replace(/^\s*(?:\*|\/[/*]).*$/gm, ""); // comments show how to import
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

Deno.test("the library and its workers bundle for a page with esbuild, without externals", async () => {
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
    const both = await bundle(withEsbuild, "lib/library_worker.ts", env);
    expect(both.messages).not.toContain("ERROR");
    expect(both.text).toContain("em-pthread");
    expect(both.text).not.toContain("onnxruntime-node");
  } finally {
    await Deno.remove(packages, { recursive: true });
  }
});

Deno.test("a page's bundle is small: the library at most 90 kB gzipped, its workers 35 and 115 kB", async () => {
  const packages = await linkPackages();
  try {
    const env = { NODE_PATH: packages };
    // Left out: ONNX Runtime has megabytes of WebAssembly, whatever the library does.
    const small = (entry: string, result: string) =>
      withEsbuild(entry, result, "--minify", "--external:onnxruntime-web*");
    const library = await gzipped((await bundle(small, "mod.ts", env)).text);
    const worker = await gzipped((await bundle(small, "lib/web_worker.ts", env)).text);
    const both = await gzipped((await bundle(small, "lib/library_worker.ts", env)).text);
    console.log(`  library ${library} bytes, worker ${worker}, both in one ${both}, gzipped`);
    expect(library).toBeGreaterThan(40_000);
    expect(library).toBeLessThanOrEqual(90_000);
    expect(worker).toBeGreaterThan(10_000);
    expect(worker).toBeLessThanOrEqual(35_000);
    expect(both).toBeGreaterThan(worker);
    expect(both).toBeLessThanOrEqual(115_000);
  } finally {
    await Deno.remove(packages, { recursive: true });
  }
});
