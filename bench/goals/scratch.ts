/** A folder for the files of one measurement. @module */

import { join } from "node:path";
import { encodeImage } from "../../mod.ts";
import { photograph } from "./photograph.ts";

/** A temporary folder; disposing of it removes all that is in it. */
export interface Scratch extends AsyncDisposable {
  /** Path of a file in it. */
  path(name: string): string;
  /** Writes a photograph of this size as PNG; returns its path. */
  photograph(name: string, width: number, height: number): Promise<string>;
}

/** Makes a temporary folder. */
export async function openScratch(): Promise<Scratch> {
  const folder = await Deno.makeTempDir();
  const path = (name: string) => join(folder, name);
  return {
    path,
    async photograph(name, width, height) {
      const image = await photograph(width, height);
      await Deno.writeFile(path(name), await encodeImage(image, { format: "png" }));
      return path(name);
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
