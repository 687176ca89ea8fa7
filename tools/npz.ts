/** Arrays that NumPy saved: `.npz`, a zip file of `.npy` files. @module */

import { type Unzipped, unzipSync } from "fflate";
import { type Tensor, tensor } from "../lib/tensor/tensor.ts";

/** One array, its numbers as doubles in row-major order. */
export interface NumberArray {
  /** Sizes, outermost first. */
  readonly dims: readonly number[];
  /** Row-major values. */
  readonly data: Float64Array;
}

/** The arrays of a file, by name. */
export type Arrays = Readonly<Record<string, NumberArray>>;

/**
 * Reads all arrays of an `.npz` file.
 *
 * @throws {SyntaxError} If it is not a zip file, or an array has an unsupported type.
 */
export function readNpz(bytes: Uint8Array<ArrayBuffer>): Arrays {
  const arrays: Record<string, NumberArray> = {};
  for (const [name, data] of Object.entries(members(bytes))) {
    if (name.endsWith(".npy")) arrays[name.slice(0, -4)] = readNpy(data);
  }
  return arrays;
}

function members(bytes: Uint8Array<ArrayBuffer>): Unzipped {
  try {
    return unzipSync(bytes);
  } catch (cause) {
    throw new SyntaxError("Cannot read the arrays: the file is not a zip file", { cause });
  }
}

/** The array in single precision, reshaped to `dims` if given. */
export function asTensor(array: NumberArray, dims = array.dims): Tensor {
  return tensor(dims, Float32Array.from(array.data));
}

/** How to read one number of a NumPy type at an offset, by the type's name. */
const types: Record<string, [bytes: number, read: (view: DataView, at: number) => number]> = {
  "<f8": [8, (view, at) => view.getFloat64(at, true)],
  "<f4": [4, (view, at) => view.getFloat32(at, true)],
  "<f2": [2, (view, at) => view.getFloat16(at, true)],
  "<i8": [8, (view, at) => Number(view.getBigInt64(at, true))],
  "<i4": [4, (view, at) => view.getInt32(at, true)],
  "|u1": [1, (view, at) => view.getUint8(at)],
  "|b1": [1, (view, at) => view.getUint8(at)],
};

/** Reads one `.npy` file: magic, version, a header that looks like a Python dictionary, numbers. */
function readNpy(bytes: Uint8Array): NumberArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = view.getUint8(6) > 1;
  const start = wide ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(wide ? 12 : 10, start));
  const type = header.match(/'descr':\s*'([^']+)'/)?.[1] ?? "";
  const dims = [...(header.match(/'shape':\s*\(([^)]*)\)/)?.[1] ?? "").matchAll(/\d+/g)].map(
    Number,
  );
  if (!types[type]) throw new SyntaxError(`Cannot read an array of the NumPy type "${type}"`);
  const [width, read] = types[type];
  const count = dims.reduce((product, dim) => product * dim, 1);
  const data = Float64Array.from({ length: count }, (_, i) => read(view, start + i * width));
  const columnsFirst = /'fortran_order':\s*True/.test(header);
  return { dims, data: columnsFirst ? rowMajor(data, dims) : data };
}

/** Reorders values that were stored with the first index fastest. */
function rowMajor(data: Float64Array, dims: readonly number[]): Float64Array {
  const strides = dims.map((_, k) => dims.slice(0, k).reduce((product, dim) => product * dim, 1));
  return data.map((_, i) => {
    let from = 0;
    for (let k = dims.length - 1, rest = i; k >= 0; rest = Math.floor(rest / dims[k]), k--) {
      from += (rest % dims[k]) * strides[k];
    }
    return data[from];
  });
}

/** Item `index` along the first axis; the result has one axis less. */
export function itemOf({ dims, data }: NumberArray, index: number): NumberArray {
  const size = data.length / dims[0];
  return { dims: dims.slice(1), data: data.subarray(index * size, (index + 1) * size) };
}

/** Channels `from` ... `to - 1` of `[n, channels, height, width]`. */
export function channelsOf(
  { dims: [n, channels, height, width], data }: NumberArray,
  from: number,
  to: number,
): NumberArray {
  const area = height * width;
  const kept = new Float64Array(n * (to - from) * area);
  for (let i = 0; i < n; i++) {
    const part = data.subarray((i * channels + from) * area, (i * channels + to) * area);
    kept.set(part, i * (to - from) * area);
  }
  return { dims: [n, to - from, height, width], data: kept };
}
