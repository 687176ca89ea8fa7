/** How published systems enlarge the input before their networks see it. @module */

import { cubic } from "../image/axis.ts";
import { resize, type Size } from "../image/resize.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Enlarges `[1, 3, h, w]` in [-1, 1]. */
export type Enlargement = (lr: Tensor, size: Size) => Tensor;

/** The enlargements by their names in cards. */
export const enlargements = {
  /** Exact bicubic, as MATLAB's `imresize`. */
  bicubic: (lr, size) => resize(lr, size),
  /** SRDiff's: resizes bytes / 256 (not / 255), then maps [0, 1] to [-1, 1]. */
  bicubic256(lr, size) {
    const up = resize(lr, size, { edge: "mirror" });
    return tensor(up.dims, up.data.map((value) => (value + 1) * 255 / 256 - 1));
  },
  /** Pillow's `resize(..., BICUBIC)` on bytes (Janspiry's SR3), bit for bit. */
  pillow(lr, { width, height }) {
    const bytes = tensor(lr.dims, lr.data.map((value) => Math.round((value + 1) * 127.5)));
    // Pillow resamples rows first, with weights of 22 binary digits, and rounds to bytes after each axis.
    const fixed = (axis: Taps) => ({ ...axis, weights: axis.weights.map(toFixed) });
    const wide = alongRows(bytes, fixed(taps(lr.dims[3], width, -0.5, "drop")), toByte);
    const up = alongRows(wide, fixed(taps(lr.dims[2], height, -0.5, "drop")), toByte);
    return tensor(up.dims, up.data.map((value) => value / 127.5 - 1));
  },
  /** PyTorch's `Upsample(mode="bicubic")` (novwaul's SR3): a = -0.75, then clamped to [-1, 1]. */
  torch(lr, { width, height }) {
    const wide = alongRows(lr, taps(lr.dims[3], width, -0.75, "repeat"), (sum) => sum);
    const up = alongRows(wide, taps(lr.dims[2], height, -0.75, "repeat"), (sum) => sum);
    return tensor(up.dims, up.data.map((value) => Math.min(1, Math.max(-1, value))));
  },
} satisfies Record<string, Enlargement>;

/** Four samples and their weights for each output sample of one axis. */
interface Taps {
  places: Int32Array;
  weights: Float64Array;
}

/**
 * Keys' cubic convolution (1981, equation 4) without antialiasing.
 *
 * @param a The kernel's parameter.
 * @param edge Whether samples beyond the border are left out, the other weights then summing to 1, or the
 * outermost one is repeated.
 */
function taps(inputs: number, outputs: number, a: number, edge: "drop" | "repeat"): Taps {
  const places = new Int32Array(4 * outputs), weights = new Float64Array(4 * outputs);
  for (let x = 0; x < outputs; x++) {
    const centre = (x + 0.5) * inputs / outputs - 0.5;
    let total = 0;
    for (let k = 0, at = Math.floor(centre) - 1; k < 4; k++, at++) {
      const inside = Math.min(inputs - 1, Math.max(0, at));
      places[4 * x + k] = inside;
      weights[4 * x + k] = edge === "drop" && inside !== at ? 0 : cubic(centre - at, a);
      total += weights[4 * x + k];
    }
    for (let k = 4 * x; k < 4 * x + 4; k++) weights[k] /= total;
  }
  return { places, weights };
}

/** Resamples each row and transposes the image; applied twice, it resamples both ways. */
function alongRows(
  { data, dims: [n, channels, height, width] }: Tensor,
  { places, weights }: Taps,
  finish: (sum: number) => number,
): Tensor {
  const outputs = places.length / 4;
  const turned = tensor([n, channels, outputs, height]);
  for (let row = 0; row < n * channels * height; row++) {
    const plane = Math.floor(row / height), y = row % height;
    for (let x = 0; x < outputs; x++) {
      let sum = 0;
      for (let k = 4 * x; k < 4 * x + 4; k++) sum += weights[k] * data[row * width + places[k]];
      turned.data[(plane * outputs + x) * height + y] = finish(sum);
    }
  }
  return turned;
}

const FIXED = 2 ** 22;
const toFixed = (weight: number) => Math.sign(weight) * Math.floor(Math.abs(weight) * FIXED + 0.5);
const toByte = (sum: number) => Math.min(255, Math.max(0, Math.floor((sum + FIXED / 2) / FIXED)));
