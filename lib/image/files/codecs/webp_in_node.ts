/** What libwebp lacks in Node; a separate file, so that a page's bundle does not contain it. @module */

import { builtin } from "../../../platform.ts";

/**
 * The compiled code of one half of libwebp: Node cannot fetch files, and lacks the class of decoded images.
 *
 * @param name The half, such as `dec/webp_dec`.
 */
export async function compiledInNode(name: string): Promise<ArrayBuffer> {
  if (!("ImageData" in globalThis)) {
    Object.defineProperty(globalThis, "ImageData", { value: DecodedImage, configurable: true });
  }
  const file = new URL(import.meta.resolve(`@jsquash/webp/codec/${name}.wasm`));
  return new Uint8Array(await builtin("fs/promises").readFile(file)).buffer;
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
