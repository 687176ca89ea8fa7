/** The resamplers of the reference systems that the library itself does not use. @module */

import type { NumberArray } from "./npz.ts";

/** One way to resample. */
export interface Filter {
  /** The kernel, as a function of the distance in samples. */
  kernel: (distance: number) => number;
  /** Distance from which on the kernel is 0. */
  support: number;
  /** Whether the kernel is widened when the picture shrinks. */
  antialias: boolean;
  /** What lies beyond the border: the mirrored picture, its last pixel, or nothing. */
  edge: "mirror" | "replicate" | "none";
  /** Whether bytes are made after each direction with 22-bit weights, columns first, as Pillow does. */
  fixedPoint?: boolean;
}

/** Keys' cubic convolution kernel (1981) with the slope `a` at distance 1. */
export function cubic(a: number): (distance: number) => number {
  return (distance) => {
    const d = Math.abs(distance);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? a * (((d - 5) * d + 8) * d - 4) : 0;
  };
}

/** MATLAB's `imresize` with a triangle. */
export const matlabBilinear: Filter = {
  kernel: (distance) => Math.max(0, 1 - Math.abs(distance)),
  support: 1,
  antialias: true,
  edge: "mirror",
};

/** Pillow's BICUBIC on bytes. */
export const pillow: Filter = {
  kernel: cubic(-0.5),
  support: 2,
  antialias: true,
  edge: "none",
  fixedPoint: true,
};

/** torch's `Upsample(mode="bicubic")`. */
export const torchBicubic: Filter = {
  kernel: cubic(-0.75),
  support: 2,
  antialias: false,
  edge: "replicate",
};

/** Resamples a picture `[height, width, channels]` to another height and width. */
export function resample(
  source: NumberArray,
  [height, width]: readonly [number, number],
  filter: Filter,
): NumberArray {
  return alongAxis(alongAxis(source, 1, width, filter), 0, height, filter);
}

/** Resamples one axis of `[height, width, channels]`. */
function alongAxis(source: NumberArray, axis: 0 | 1, length: number, filter: Filter): NumberArray {
  const [height, width, channels] = source.dims;
  const dims = axis === 0 ? [length, width, channels] : [height, length, channels];
  const inner = axis === 0 ? width * channels : channels;
  const outer = axis === 0 ? 1 : height;
  const data = new Float64Array(dims[0] * dims[1] * dims[2]);
  for (let to = 0; to < length; to++) {
    for (const [from, weight] of taps(to, source.dims[axis], length, filter)) {
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          data[(o * length + to) * inner + i] += weight *
            source.data[(o * source.dims[axis] + from) * inner + i];
        }
      }
    }
  }
  return { dims, data: filter.fixedPoint ? data.map(byteOfFixed) : data };
}

/** Input samples and weights of one output sample. */
function taps(to: number, inputs: number, outputs: number, filter: Filter): [number, number][] {
  const shrink = filter.antialias ? Math.min(1, outputs / inputs) : 1;
  const centre = (to + 0.5) * inputs / outputs - 0.5;
  const reach = filter.support / shrink;
  const found: [number, number][] = [];
  for (let j = Math.ceil(centre - reach); j <= Math.floor(centre + reach); j++) {
    const from = folded(j, inputs, filter.edge);
    if (from !== undefined) found.push([from, filter.kernel((j - centre) * shrink)]);
  }
  const total = found.reduce((sum, [, weight]) => sum + weight, 0);
  const scale = filter.fixedPoint ? FIXED : 1;
  return found.map(([from, weight]) => {
    const normal = weight / total * scale;
    return [from, filter.fixedPoint ? Math.sign(normal) * Math.round(Math.abs(normal)) : normal];
  });
}

/** The sample within the picture that stands for sample `index`. */
function folded(index: number, count: number, edge: Filter["edge"]): number | undefined {
  if (index >= 0 && index < count) return index;
  if (edge === "none") return undefined;
  if (edge === "replicate") return index < 0 ? 0 : count - 1;
  const around = ((index % (2 * count)) + 2 * count) % (2 * count);
  return around < count ? around : 2 * count - 1 - around;
}

/** One, in Pillow's fixed-point weights. */
const FIXED = 2 ** 22;

function byteOfFixed(sum: number): number {
  return Math.min(255, Math.max(0, Math.floor((sum + FIXED / 2) / FIXED)));
}
