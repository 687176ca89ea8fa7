/** Writes the folder of the npm package, and packs it as a tarball. @module */

import { dirname } from "node:path";
import picomatch from "picomatch";
import { declarationOf, moduleOf, relativeImports } from "./emit.ts";
import { type Configuration, manifestOf } from "./manifest.ts";

const root = new URL("../../", import.meta.url);
/** Modules that no static import names: they are started or imported by URL. */
const BY_ADDRESS = [
  "lib/server_worker.ts",
  "lib/image/files/codecs/imagescript.ts",
  "lib/image/files/codecs/webp_in_node.ts",
  "lib/runtime/linux_gpu.ts",
];

/**
 * Makes the tarball of the package.
 *
 * @param out Folder of the tarball, made if there is none.
 * @returns Path of the tarball.
 * @throws {Error} If a module cannot be translated, or npm is missing.
 */
export async function packForNpm(out: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "srzoo-npm-" });
  try {
    await writePackage(folder);
    await Deno.mkdir(out, { recursive: true });
    const { stdout, stderr, success } = await new Deno.Command("npm", {
      args: ["pack", "--ignore-scripts", "--json", "--pack-destination", await Deno.realPath(out)],
      cwd: folder,
    }).output().catch((cause) => {
      throw new Error(`Cannot make a tarball: npm does not run (${cause.message})`, { cause });
    });
    const text = new TextDecoder();
    if (!success) throw new Error(`Cannot make a tarball: ${text.decode(stderr)}`);
    return `${out}/${tarballIn(text.decode(stdout))}`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The file name in the output of `npm pack --json`: a list, or since npm 12 an object by package. */
function tarballIn(told: string): string {
  const [{ filename }] = Object.values<{ filename: string }>(JSON.parse(told));
  return filename;
}

/** Writes the files of the package into a folder. */
async function writePackage(folder: string): Promise<void> {
  const configuration: Configuration = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const entries = Object.values(configuration.exports).map((path) => path.slice(2));
  await writeModules([...entries, ...BY_ADDRESS], folder);
  await writeDeclarations(entries, folder);
  for (const path of await zooFiles(configuration)) {
    await write(folder, path, await Deno.readFile(new URL(path, root)));
  }
  const manifest = JSON.stringify(manifestOf(configuration), null, 2);
  await write(folder, "package.json", `${manifest}\n`);
  await write(folder, "LICENSE", await Deno.readFile(new URL("LICENSE", root)));
  await write(folder, "README.md", await Deno.readFile(new URL("README.md", import.meta.url)));
}

/** Writes the JavaScript of the modules and of everything they import. */
async function writeModules(entries: readonly string[], folder: string): Promise<void> {
  await follow(entries, async (path) => {
    const module = moduleOf(path, await Deno.readTextFile(new URL(path, root)));
    await write(folder, path.replace(/\.ts$/, ".js"), module);
    return relativeImports(path, module);
  });
}

/** Writes the declarations of the modules and of those they refer to, which are fewer than they import. */
async function writeDeclarations(entries: readonly string[], folder: string): Promise<void> {
  await follow(entries, async (path) => {
    const text = declarationOf(path, await Deno.readTextFile(new URL(path, root)));
    await write(folder, path.replace(/\.ts$/, ".d.ts"), text);
    return relativeImports(path, text);
  });
}

/** Visits each file once, from `starts` on; a visit returns the files that it leads to. */
async function follow(
  starts: readonly string[],
  visit: (path: string) => Promise<readonly string[]>,
): Promise<void> {
  const paths = new Set(starts);
  for (const path of paths) {
    for (const next of await visit(path)) paths.add(next);
  }
}

/** The files of the zoo that `deno publish` takes too. */
async function zooFiles({ publish }: Configuration): Promise<string[]> {
  const isLeftOut = picomatch([...publish.exclude]);
  const paths: string[] = [];
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
      if (isDirectory) await walk(`${folder}${name}/`);
      else if (!isLeftOut(folder + name)) paths.push(folder + name);
    }
  };
  await walk("zoo/");
  return paths.sort();
}

async function write(folder: string, path: string, content: string | Uint8Array): Promise<void> {
  const place = `${folder}/${path}`;
  await Deno.mkdir(dirname(place), { recursive: true });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(place, bytes);
}
