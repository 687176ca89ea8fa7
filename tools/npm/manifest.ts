/** The `package.json`, made from `deno.json`. @module */

/** The parts of `deno.json` that are used. */
export interface Configuration {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Path of the module of each entry point. */
  readonly exports: Readonly<Record<string, string>>;
  /** The import map. */
  readonly imports: Readonly<Record<string, string>>;
  /** Which files are published. */
  readonly publish: { readonly exclude: readonly string[] };
}

/** Packages that the library imports. */
const PACKAGES = [
  "@jsquash/webp",
  "imagescript",
  "js-yaml",
  "ml-matrix",
  "onnxruntime-node",
  "onnxruntime-web",
  "yaml",
  "zod",
];

/** Packages pinned to one version: newer ones report their use over the network. */
const PINNED = ["onnxruntime-node", "onnxruntime-web"];

/** Makes the manifest of the package for npm. */
export function manifestOf(configuration: Configuration): Record<string, unknown> {
  const { name, version, license } = configuration;
  const dependencies = PACKAGES.map((id) => [id, rangeOf(id, configuration)]);
  return {
    name,
    version,
    description: "Generative image super-resolution: models that sample sharp images",
    license,
    keywords: ["super-resolution", "upscaling", "diffusion", "onnx", "webgpu"],
    type: "module",
    sideEffects: ["./lib/*_worker.js"],
    engines: { node: ">=22.3", bun: ">=1.2" },
    exports: exportsOf(configuration),
    dependencies: Object.fromEntries(dependencies),
  };
}

function rangeOf(id: string, { imports }: Configuration): string {
  const wanted = `npm:${id}@`;
  const target = Object.values(imports).find((target) => target.startsWith(wanted));
  const version = target?.slice(wanted.length).split("/")[0];
  if (!version) throw new Error(`Cannot name a version of ${id}: deno.json imports none`);
  return PINNED.includes(id) ? version : `^${version}`;
}

/** Entry points; the worker of a page differs from that of a server. */
function exportsOf({ exports }: Configuration): Record<string, unknown> {
  const entries = Object.entries(exports).map(([name, path]) => {
    const types = path.replace(/\.ts$/, ".d.ts");
    const browser = path.replace(/\.ts$/, ".js");
    const node = browser.replace("/web_worker.", "/server_worker.");
    return [name, { types, browser, node, default: browser }];
  });
  return {
    ...Object.fromEntries(entries),
    "./zoo/*": "./zoo/*",
    "./package.json": "./package.json",
  };
}
