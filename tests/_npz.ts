/** The shared folder beside the project, and the golden arrays in it. @module */

import { type Arrays, readNpz as readArrays } from "../tools/npz.ts";

/** The shared folder beside the project; without it golden tests are skipped. */
export const shared = new URL("../../shared/", import.meta.url);
export const hasShared = await Deno.stat(shared).then(() => true, () => false);

/** Reads every array of a `.npz` file. */
export async function readNpz(url: URL): Promise<Arrays> {
  return readArrays(await Deno.readFile(url));
}
