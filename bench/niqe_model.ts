/** Reads the parameters of NIQE. @module */

import type { NiqeModel } from "../lib/metrics/mod.ts";
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
  const arrays = unpacked(await Deno.readFile(file));
  const take = (name: string, length: number) => {
    const found = arrays.get(`${name}.npy`);
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

/**
 * The arrays of an uncompressed .npz file, found by the archive's directory; none if it has no directory.
 * All of NIQE's are symmetric or vectors, so it does not matter which axis comes first.
 */
function unpacked(bytes: Uint8Array<ArrayBuffer>): Map<string, Float64Array> {
  const view = new DataView(bytes.buffer);
  const found = new Map<string, Float64Array>();
  const end = bytes.length - 22;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) return found;
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const size = view.getUint32(at + 24, true), local = view.getUint32(at + 42, true);
    const title = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const isStored = view.getUint16(at + 10, true) === 0;
    const array = isStored ? doubles(bytes.slice(start, start + size)) : undefined;
    if (array) found.set(title, array);
    at += 46 + name + extra + comment;
  }
  return found;
}

/** Values of an .npy file of little-endian doubles. */
function doubles(bytes: Uint8Array<ArrayBuffer>): Float64Array | undefined {
  const head = new TextDecoder().decode(bytes.subarray(1, 256));
  if (!head.startsWith("NUMPY\x01") || !head.includes("'descr': '<f8'")) return undefined;
  const start = 10 + new DataView(bytes.buffer).getUint16(8, true);
  return new Float64Array(bytes.slice(start).buffer);
}
