/** What libwebp lacks in Node, apart so that a page's bundle does not hold it. @module */

import { builtin } from "../../../platform.ts";

/** Starts one half of libwebp with its compiled code. */
export type Initialize = (options: { wasmBinary: ArrayBuffer }) => Promise<unknown>;

/**
 * Starts one half of libwebp: Node fetches no files, and does not have the class of what is decoded.
 *
 * @param name The half, such as `dec/webp_dec`.
 */
export async function initializeInNode(name: string, init: Initialize): Promise<void> {
  const file = new URL(import.meta.resolve(`@jsquash/webp/codec/${name}.wasm`));
  const { buffer } = new Uint8Array(await builtin("fs/promises").readFile(file));
  await init({ wasmBinary: buffer });
  if ("ImageData" in globalThis) return;
  Object.defineProperty(globalThis, "ImageData", { value: DecodedImage, configurable: true });
}

/** An `ImageData` as far as libwebp uses it. */
class DecodedImage {
  data: Uint8ClampedArray;
  width: number;
  height: number;
  constructor(data: Uint8ClampedArray, width: number, height: number) {
    this.data = data;
    this.width = width;
    this.height = height;
  }
}
