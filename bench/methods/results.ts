/** A folder of result images made elsewhere, as a method. @module */

import { readImage } from "../../lib/image/files/read.ts";
import { exists, sha256 } from "../files.ts";
import { stems } from "../sets.ts";
import { type EnlargeInput, type Method, plainMethod } from "./method.ts";

/**
 * The images of `folder`, each in `SET/NAME.png`, `SETx4/NAME.png` or `NAME.png`; the name may end in
 * `x4`, `_x4` or `-METHOD-x4`, as `upscale` writes it.
 *
 * @throws {Error} If there is no such folder.
 */
export async function resultsMethod(name: string, folder: string): Promise<Method> {
  if (!await exists(folder)) {
    throw new Error(`Cannot measure the results "${name}": there is no folder ${folder}`);
  }
  return plainMethod({
    name,
    generative: false,
    digest: await digestOf(folder),
    facts: { kind: "images from a folder" },
    enlarge: async (input) => await readImage(await find(folder, input)),
  });
}

async function find(folder: string, { set, image, scale }: EnlargeInput): Promise<string> {
  for (const place of [`${folder}/${set}x${scale}`, `${folder}/${set}`, folder]) {
    const files = await stems(place);
    const fits = (stem: string) =>
      stem === image || stem === `${image}x${scale}` || stem === `${image}_x${scale}` ||
      (stem.startsWith(`${image}-`) && stem.endsWith(`-x${scale}`));
    const found = [...files].find(([stem]) => fits(stem));
    if (found) return found[1];
  }
  throw new Error(`Cannot find a result for ${image} of ${set} x${scale} in ${folder}`);
}

/** Digest of names, sizes and times of files: reading all images would take as long as measuring them. */
async function digestOf(folder: string): Promise<string> {
  const lines: string[] = [];
  const walk = async (place: string) => {
    for await (const entry of Deno.readDir(place)) {
      const path = `${place}/${entry.name}`;
      if (entry.isDirectory) await walk(path);
      else {
        const { size, mtime } = await Deno.stat(path);
        lines.push(`${path} ${size} ${mtime?.getTime()}`);
      }
    }
  };
  await walk(folder);
  return await sha256(new TextEncoder().encode(lines.sort().join("\n")));
}
