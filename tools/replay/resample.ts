/** The resamplers of the reference systems that the library itself does not use. @module */

import type { NumberArray } from "../npz.ts";

/** One way to resample. */
export interface Filter {
  /** The kernel, as a function of the distance in samples. */
  kernel: (distance: number) => number;
  /** Distance beyond which the kernel is 0. */
  support: number;
  /** Whether the kernel is widened when the image shrinks. */
  antialias: boolean;
  /** What lies beyond the border: the mirrored image, its last pixel, or nothing. */
  edge: "mirror" | "replicate" | "none";
  /** Which axis of `[height, width, channels]` is resampled first. @default {0} */
  firstAxis?: 0 | 1;
  /** Weights are whole multiples of 1/precision; exact if absent. */
  precision?: number;
  /** Applied to the sums after each axis; nothing if absent. */
  round?: (sum: number) => number;
}

/** Keys' cubic convolution kernel (1981) with the slope `a` at distance 1. */
export function cubic(a: number): (distance: number) => number {
  return (distance) => {
    const d = Math.abs(distance);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? a * (((d - 5) * d + 8) * d - 4) : 0;
  };
}

/** SRDiff's `imresize` on bytes, which rounds to bytes after each axis. */
export const matlabBicubic: Filter = {
  kernel: cubic(-0.5),
  support: 2,
  antialias: true,
  edge: "mirror",
  round: byteHalfEven,
};

/** The same with a triangle kernel. */
export const matlabBilinear: Filter = {
  ...matlabBicubic,
  kernel: (distance) => Math.max(0, 1 - Math.abs(distance)),
  support: 1,
};

/** Pillow's BICUBIC on bytes, in fixed point. */
export const pillow: Filter = {
  kernel: cubic(-0.5),
  support: 2,
  antialias: true,
  edge: "none",
  firstAxis: 1,
  precision: 2 ** 22,
  round: (sum) => clampByte(Math.floor(sum + 0.5)),
};

/** torch's `Upsample(mode="bicubic")`. */
export const torchBicubic: Filter = {
  kernel: cubic(-0.75),
  support: 2,
  antialias: false,
  edge: "replicate",
};

/** Resamples an image `[height, width, channels]` to another height and width. */
export function resample(
  source: NumberArray,
  [height, width]: readonly [number, number],
  filter: Filter,
): NumberArray {
  const lengths = [height, width];
  const axis = filter.firstAxis ?? 0, other = axis === 0 ? 1 : 0;
  return alongAxis(alongAxis(source, axis, lengths[axis], filter), other, lengths[other], filter);
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
  return { dims, data: filter.round ? data.map(filter.round) : data };
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
  return found.map(([from, weight]) => [from, quantized(weight / total, filter.precision)]);
}

/** The nearest multiple of 1/precision, halves away from zero. */
function quantized(weight: number, precision?: number): number {
  if (precision === undefined) return weight;
  return Math.sign(weight) * Math.round(Math.abs(weight) * precision) / precision;
}

/** The sample within the image that stands in for sample `index`; undefined if none does. */
function folded(index: number, count: number, edge: Filter["edge"]): number | undefined {
  if (index >= 0 && index < count) return index;
  if (edge === "none") return undefined;
  if (edge === "replicate") return index < 0 ? 0 : count - 1;
  const around = ((index % (2 * count)) + 2 * count) % (2 * count);
  return around < count ? around : 2 * count - 1 - around;
}

/** Rounds half to even, as NumPy does, and clamps to bytes. */
export function byteHalfEven(value: number): number {
  const floor = Math.floor(value);
  return clampByte(value - floor === 0.5 ? floor + floor % 2 : Math.floor(value + 0.5));
}

function clampByte(value: number): number {
  return Math.min(255, Math.max(0, value));
}
