/** Builds the page as plain files: its code by Vite, ONNX Runtime's files, the zoo, the samples. @module */

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build, type Plugin, type Rollup } from "vite";
import { openZoo } from "../../mod.ts";

const root = new URL("../../", import.meta.url);
/** ONNX Runtime's files that a browser loads by itself. */
const RUNTIME = [
  "ort-wasm-simd-threaded.mjs",
  "ort-wasm-simd-threaded.wasm",
  "ort-wasm-simd-threaded.asyncify.mjs",
  "ort-wasm-simd-threaded.asyncify.wasm",
];
const SAMPLES = ["coffee.png", "chelsea.png", "astronaut.png"];
/** An empty module, in place of those that only a server needs. */
const NOTHING = "\0nothing";

/** Packages of the library that Deno must have fetched before their files can be found. */
const PACKAGES = ["onnxruntime-web", "js-yaml", "zod/mini", "@jsquash/webp/meta.js"];

/** Writes the page into a folder, which is made if there is none; it works under any path of a host. */
export async function buildPage(folder: string): Promise<void> {
  await Promise.all(PACKAGES.map((name) => import(name)));
  const out = new URL(`file://${await absolute(folder)}/`);
  const built = await build({
    configFile: false,
    root: fileURLToPath(new URL("./", import.meta.url)),
    base: "./",
    logLevel: "error",
    plugins: [throughDeno()],
    define: { "import.meta.env.RUNTIME": JSON.stringify(runtimeFolder()) },
    worker: { format: "es", plugins: () => [throughDeno()] },
    build: {
      outDir: fileURLToPath(out),
      emptyOutDir: false,
      target: "es2023",
      chunkSizeWarningLimit: 4096,
    },
  });
  await copy(new URL("./", runtimeModule()), new URL(runtimeFolder(), out), RUNTIME);
  await copy(new URL("docs/", root), new URL("samples/", out), SAMPLES);
  await copyZoo(out);
  const { output } = built as Rollup.RollupOutput;
  await listKept(out, output.map(({ fileName }) => fileName));
}

const runtimeModule = () => import.meta.resolve("onnxruntime-web");

/** The folder of ONNX Runtime's files, named after the version, so that a cache never mixes versions. */
function runtimeFolder(): string {
  const manifest = Deno.readTextFileSync(new URL("../package.json", runtimeModule()));
  return `ort-${JSON.parse(manifest).version}/`;
}

/** Tells the service worker which files an offline visit needs, besides those that were used before. */
async function listKept(out: URL, built: readonly string[]): Promise<void> {
  const paths = [
    "./",
    "entries.json",
    ...built.filter((path) => path.startsWith("assets/")),
    ...SAMPLES.map((name) => `samples/${name}`),
  ];
  const worker = new URL("sw.js", out);
  const code = await Deno.readTextFile(worker);
  const filled = code
    .replace("/* PATHS */", JSON.stringify(paths).slice(1, -1))
    .replace("/* RUNTIME */", runtimeFolder());
  await Deno.writeTextFile(worker, filled);
}

/** Files of packages that a browser loads in place of those that Deno resolves. */
const BROWSER: Record<string, [main: string, file: string]> = {
  "onnxruntime-web": ["onnxruntime-web", "ort.wasm.min.mjs"],
  "onnxruntime-web/wasm": ["onnxruntime-web", "ort.wasm.min.mjs"],
  "onnxruntime-web/webgpu": ["onnxruntime-web", "ort.webgpu.min.mjs"],
};

/** Finds packages where Deno keeps them; what only a server needs is left out. */
function throughDeno(): Plugin {
  return {
    name: "through-deno",
    enforce: "pre",
    resolveId(source, importer) {
      if (BROWSER[source]) {
        const [main, file] = BROWSER[source];
        return fileURLToPath(new URL(file, import.meta.resolve(main)));
      }
      if (/^(node:|imagescript$|onnxruntime-node$)/.test(source)) return NOTHING;
      if (/^(\.|\/|\0|vite|virtual:)/.test(source)) return null;
      try {
        return fileURLToPath(import.meta.resolve(source));
      } catch {
        // A dependency of another package.
        return importer ? createRequire(importer).resolve(source) : null;
      }
    },
    load: (id) => id === NOTHING ? "export default undefined;" : null,
  };
}

async function copy(from: URL, to: URL, names: readonly string[]): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for (const name of names) {
    await Deno.copyFile(new URL(name, from), new URL(name, to)).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}

/** Copies every entry, and lists for the page those that enlarge photographs by a network. */
async function copyZoo(out: URL): Promise<void> {
  const from = new URL("zoo/", root);
  const to = new URL("zoo/", out);
  await copy(from, to, ["index.yml"]);
  const cards = await openZoo().list();
  for (const { id, fixture, graphs } of cards) {
    const files = ["model.yml", fixture?.file, ...Object.values(graphs).map(({ file }) => file)];
    const here = files.filter((file) => file !== undefined);
    await copy(new URL(`${id}/`, from), new URL(`${id}/`, to), here);
  }
  const listed = cards
    .filter(({ graphs, scale }) => scale > 1 && Object.keys(graphs).length > 0)
    .map(({ id, name, description }) => ({ id, name, description }));
  await Deno.writeTextFile(new URL("entries.json", out), JSON.stringify(listed));
}

async function absolute(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  return await Deno.realPath(folder);
}
