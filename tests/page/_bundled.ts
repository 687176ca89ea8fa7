/** Pages bundled from sources with esbuild, with the library's workers beside them. @module */

import { expect } from "expect";
import { linkPackages } from "../_packages.ts";

const root = new URL("../../", import.meta.url);

/** What a page is made of. */
export interface Parts {
  /** Paths of sources from the root, by the names of their bundles; `page` is the page's own. */
  bundles: Readonly<Record<string, string>>;
  /** ONNX Runtime's file without extension, copied into `ort/`. */
  runtime: string;
  /** Files of the zoo, copied into `zoo/`. */
  zoo: readonly string[];
  /** Files of the tests' zoo of tiny entries, copied there too. */
  tiny?: readonly string[];
}

/** Writes a page into a folder, whose name ends in a slash. */
export async function writePage(
  folder: string,
  { bundles, runtime, zoo, tiny = [] }: Parts,
): Promise<void> {
  const packages = await linkPackages();
  try {
    for (const [name, entry] of Object.entries(bundles)) {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "-A", "npm:esbuild@0.25.5", "--bundle", "--platform=browser"],
          ...["--format=esm", "--conditions=onnxruntime-web-use-extern-wasm"],
          ...[`--outfile=${folder}${name}.js`, entry],
        ],
        cwd: root,
        env: { NODE_PATH: packages, NO_COLOR: "1" },
      }).output();
      expect([success, success ? "" : new TextDecoder().decode(stderr)]).toEqual([true, ""]);
    }
    const script = '<script type="module" src="page.js"></script>';
    const head = '<!doctype html><title>test</title><link rel="icon" href="data:,">';
    await Deno.writeTextFile(`${folder}index.html`, head + script);
    await Deno.mkdir(`${folder}ort`);
    for (const file of [`${runtime}.mjs`, `${runtime}.wasm`]) {
      await Deno.copyFile(`${packages}/onnxruntime-web/dist/${file}`, `${folder}ort/${file}`);
    }
    const files = [
      ...zoo.map((file) => [file, "zoo/"]),
      ...tiny.map((file) => [file, "tests/fixtures/zoo/"]),
    ];
    for (const [file, from] of files) {
      const place = `${folder}zoo/${file}`;
      await Deno.mkdir(place.slice(0, place.lastIndexOf("/")), { recursive: true });
      await Deno.copyFile(new URL(from + file, root), place);
    }
  } finally {
    await Deno.remove(packages, { recursive: true });
  }
}
