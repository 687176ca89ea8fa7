/** Recorded tensors in the safetensors format. @module */

import { type Tensor, tensor } from "../tensor/tensor.ts";

/** The header's entry for one tensor. */
interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * Reads a safetensors file: an 8-byte header length, a JSON header, then the numbers.
 *
 * @param bytes The file, with tensors of F32 or F16.
 * @returns Its tensors by name.
 * @throws {SyntaxError} If the bytes are not such a file.
 */
export function readTensors(bytes: Uint8Array): Record<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { header, start } = readHeader(bytes, view);
  return Object.fromEntries(
    Object.entries(header)
      .filter(([name]) => name !== "__metadata__")
      .map(([name, entry]) => [name, readTensor(name, entry, view, start)]),
  );
}

/** The tensors whose names start with a prefix, such as `denoiser/in/`, by the rest of their names. */
export function withPrefix(
  all: Readonly<Record<string, Tensor>>,
  prefix: string,
): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

function readHeader(bytes: Uint8Array, view: DataView) {
  if (bytes.length < 8) throw unreadable("it is shorter than its header");
  const start = 8 + Number(view.getBigUint64(0, true));
  if (start > bytes.length) throw unreadable("it is shorter than its header");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start));
    return { header: JSON.parse(text) as Record<string, Entry>, start };
  } catch (cause) {
    throw unreadable("its header is not JSON", cause);
  }
}

function readTensor(name: string, entry: Entry, view: DataView, start: number): Tensor {
  const { dtype, shape, data_offsets: [from, to] } = entry;
  const width = { F32: 4, F16: 2 }[dtype];
  if (!width) throw unreadable(`"${name}" is ${dtype}, not F32 or F16`);
  if (start + to > view.byteLength) throw unreadable(`"${name}" ends after the file`);
  const values = new Float32Array((to - from) / width);
  for (let i = 0; i < values.length; i++) {
    const offset = start + from + i * width;
    values[i] = width === 4 ? view.getFloat32(offset, true) : view.getFloat16(offset, true);
  }
  return tensor(shape, values);
}

function unreadable(why: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`Cannot read the tensors: ${why}`, { cause });
}
