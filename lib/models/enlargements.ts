/** How published systems enlarge the input before their networks see it. @module */

import { resize, type Size } from "../image/resize.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Enlarges `[1, 3, h, w]` in [-1, 1]. */
export type Enlargement = (lr: Tensor, size: Size) => Tensor;

/** Every way by the name that cards give it. */
export const enlargements = {
  /** Exact bicubic, as MATLAB's `imresize`. */
  bicubic: (lr, size) => resize(lr, size),
  /** SRDiff's: bytes / 256, not / 255, are resized, then [0, 1] is mapped to [-1, 1]. */
  bicubic256(lr, size) {
    const up = resize(lr, size, { edge: "mirror" });
    return tensor(up.dims, up.data.map((value) => (value + 1) * 255 / 256 - 1));
  },
} satisfies Record<string, Enlargement>;
