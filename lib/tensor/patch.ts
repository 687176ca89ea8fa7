/** Parts of images: cut out of a whole one, and joined to one. @module */

import { disposeAll, type Held, valuesOf } from "./held.ts";
import { type Tensor, tensor } from "./tensor.ts";
import { crop, type Rect } from "./window.ts";

/** Where a part of an image goes, and with which weights. */
export interface Patch {
  /** Sizes of the whole image, `[n, channels, height, width]`. */
  readonly dims: readonly number[];
  /** Column of the part's first pixel. */
  readonly x: number;
  /** Row of the part's first pixel. */
  readonly y: number;
  /** Weight of each row of the part. */
  readonly down: Float32Array;
  /** Weight of each column of the part. */
  readonly across: Float32Array;
}

/** Cuts images, and joins their parts. */
export interface Patches {
  /**
   * Cuts a window out of an image, as `crop()` does, and leaves it where the image is.
   *
   * @param signal Aborts the computation, which throws the signal's reason.
   */
  cut(image: Tensor | Held, window: Rect, signal?: AbortSignal): Promise<Tensor | Held>;
  /**
   * Adds a weighted part to an image where the part is, if there is room.
   *
   * @param whole The result of the call before, which the new result replaces; an image of zeros if absent.
   * @param part The part, which stays as it is.
   * @param signal Aborts the computation, which throws the signal's reason.
   * @throws {GoneError} If the memory of `whole` is gone.
   */
  add(
    whole: Tensor | Held | undefined,
    part: Tensor | Held,
    patch: Patch,
    signal?: AbortSignal,
  ): Promise<Tensor | Held>;
}

/** Cuts and joins in the memory of the CPU. */
interface PatchesHere extends Patches {
  cut(...window: Parameters<Patches["cut"]>): Promise<Tensor>;
  add(...part: Parameters<Patches["add"]>): Promise<Tensor>;
}

/** Parts in the memory of the CPU, wherever their images are. */
export const patchesHere: PatchesHere = {
  async cut(image, window, signal) {
    return crop(await valuesOf(image, signal), window);
  },
  async add(whole, part, patch, signal): Promise<Tensor> {
    const sum = whole ? await valuesOf(whole, signal) : tensor(patch.dims);
    blend(sum, await valuesOf(part, signal), patch);
    if (whole) disposeAll([whole]);
    return sum;
  },
};

/** Adds a weighted part to an image. */
function blend(whole: Tensor, part: Tensor, { x: left, y: top, down, across }: Patch): void {
  const { data, dims: [n, channels, height, width] } = whole;
  const [, , partHeight, partWidth] = part.dims;
  // Between the ramps there is only one part: its values are copied, which is most of the work.
  const first = across.indexOf(1), end = across.lastIndexOf(1) + 1;
  for (let plane = 0; plane < n * channels; plane++) {
    for (let y = 0; y < partHeight; y++) {
      if (down[y] === 0) continue;
      const to = (plane * height + top + y) * width + left;
      const from = (plane * partHeight + y) * partWidth;
      const isAlone = down[y] === 1 && first >= 0;
      if (isAlone) data.set(part.data.subarray(from + first, from + end), to + first);
      const rest = isAlone ? [[0, first], [end, partWidth]] : [[0, partWidth]];
      for (const [start, stop] of rest) {
        for (let x = start; x < stop; x++) {
          data[to + x] += down[y] * across[x] * part.data[from + x];
        }
      }
    }
  }
}
