/** Reads the parameters of NIQE. @module */

import type { NiqeModel } from "../lib/metrics/mod.ts";
import { type Arrays, readNpz } from "../tools/npz.ts";
import { exists } from "./files.ts";

const root = new URL("..", import.meta.url).pathname;

/** Where the parameters are looked for if no file is named. */
const USUAL = `${root}../shared/niqe/niqe_pris_params.npz`;

/**
 * The parameters of a file; undefined if none is named and there is none at the usual place.
 *
 * @throws {Error} If the named file is not there, or holds something else.
 */
export async function openNiqe(given?: string): Promise<NiqeModel | undefined> {
  const file = given ?? USUAL;
  if (!await exists(file)) {
    if (given === undefined) return undefined;
    throw new Error(`Cannot find the parameters of NIQE: there is no file ${given}`);
  }
  const arrays = await arraysOf(file);
  // NIQE's arrays are symmetric or vectors, so it does not matter which axis comes first.
  const take = (name: string, length: number) => {
    const found = arrays[name]?.data;
    if (found?.length === length) return found;
    throw new Error(
      `Cannot read the parameters of NIQE: ${file} has no array ${name} of ${length} doubles`,
    );
  };
  return {
    mean: take("mu_pris_param", 36),
    covariance: take("cov_pris_param", 36 * 36),
    window: take("gaussian_window", 49),
  };
}

async function arraysOf(file: string): Promise<Arrays> {
  const bytes = await Deno.readFile(file);
  try {
    return readNpz(bytes);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : cause;
    throw new Error(`Cannot read the parameters of NIQE in ${file}: ${why}`, { cause });
  }
}
