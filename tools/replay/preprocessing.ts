/** Compares what each reference does to an image before and after its network. @module */

import { resize } from "../../lib/image/resize.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { UnsupportedError } from "../../lib/errors.ts";
import { type Case, need, type Replay } from "./case.ts";
import { compare, type Comparison, limits } from "./comparison.ts";
import type { Arrays, NumberArray } from "../npz.ts";
import { byteHalfEven, matlabBicubic, matlabBilinear, pillow } from "./resample.ts";
import { type Filter, resample, torchBicubic } from "./resample.ts";

/** Cases that hold images in bytes and the arrays made from them. */
export const preprocessing: Replay = {
  name: "preprocessing",
  detect: ({ arrays }) => ["lr_uint8", "hr_uint8", "out_values"].every((name) => name in arrays),
  async *compare({ arrays }: Case): AsyncGenerator<Comparison> {
    for (const [name, recorded] of Object.entries(arrays)) {
      if (inputs.has(name)) continue;
      const limit = name.includes("uint8") ? 0 : 2 * limits.array;
      yield await Promise.resolve(compare(name, recorded, compute(name, recorded, arrays), limit));
    }
  },
};

/** Arrays that the others are made from. */
const inputs = new Set(["lr_uint8", "hr_uint8", "out_values", "out_values01"]);

type Compute = (arrays: Arrays, scale: number) => NumberArray;

/** How each array is made; a trailing `_x4` or `_x8` is its scale. */
const formulas: Record<string, Compute> = {
  // SRDiff divides bytes by 256 before it interpolates, by 255 for the network's own input.
  srdiff_up: (a, s) => matlab(map(need(a, "lr_uint8"), (v) => v / 256), s),
  srdiff_img_lr_up: (a, s) => planes(map(formulas.srdiff_up(a, s), (v) => v * 2 - 1)),
  srdiff_img_lr: (a) => planes(map(need(a, "lr_uint8"), (v) => v / 127.5 - 1)),
  matlab_down_float: (a, s) => matlab(map(need(a, "hr_uint8"), (v) => v / 255), 1 / s),
  matlab_down_uint8: (a, s) => scaled(a, "hr_uint8", 1 / s, matlabBicubic),
  matlab_down_uint8_bilinear: (a, s) => scaled(a, "hr_uint8", 1 / s, matlabBilinear),
  pil_up_uint8: (a, s) => scaled(a, "lr_uint8", s, pillow),
  pil_down_uint8: (a, s) => scaled(a, "hr_uint8", 1 / s, pillow),
  janspiry_condition: (a, s) => planes(map(scaled(a, "lr_uint8", s, pillow), (v) => v / 127.5 - 1)),
  novwaul_up_unclipped: (a, s) =>
    planes(map(scaled(a, "lr_uint8", s, torchBicubic), (v) => v / 255)),
  novwaul_up: (a, s) => map(formulas.novwaul_up_unclipped(a, s), clamp01),
  srflow_padded_uint8: (a) => padded(need(a, "lr_uint8")),
  srflow_input: (a) => planes(map(padded(need(a, "lr_uint8")), (v) => v / 255)),
  srdiff_out_uint8: (a) => pixels(map(need(a, "out_values"), byteOf)),
  janspiry_out_uint8: (a) => map(need(a, "out_values"), byteOf),
  // SRFlow truncates.
  srflow_out_uint8: (a) =>
    map(need(a, "out_values01"), (v) => Math.trunc(Math.fround(clamp01(v) * 255))),
};

function compute(name: string, recorded: NumberArray, arrays: Arrays): NumberArray {
  const [, stem, scale, rest = ""] = name.match(/^(.*?)(?:_x(\d+))?(_unclipped)?$/)!;
  const formula = formulas[stem + rest];
  if (!formula) throw new UnsupportedError(`Cannot compute the array ${name}: it has no formula`);
  const computed = formula(arrays, Number(scale));
  // Some references keep a batch of one.
  return computed.data.length === recorded.data.length && recorded.dims.includes(1)
    ? { dims: recorded.dims, data: computed.data }
    : computed;
}

/** Interpolates `[height, width, channels]` with the library's bicubic, mirrored at the border. */
function matlab(picture: NumberArray, scale: number): NumberArray {
  const [height, width] = sizeAt(picture, scale);
  const source = planes(picture);
  const { data } = resize(
    tensor([1, ...source.dims], Float32Array.from(source.data)),
    { width, height },
    { edge: "mirror" },
  );
  return pixels({ dims: [3, height, width], data: Float64Array.from(data) });
}

function scaled(arrays: Arrays, name: string, scale: number, filter: Filter): NumberArray {
  const picture = need(arrays, name);
  return resample(picture, sizeAt(picture, scale), filter);
}

function sizeAt({ dims: [height, width] }: NumberArray, scale: number): [number, number] {
  return [Math.ceil(height * scale), Math.ceil(width * scale)];
}

/** `[height, width, channels]` to `[channels, height, width]`. */
function planes({ dims: [height, width, channels], data }: NumberArray): NumberArray {
  const area = height * width;
  return {
    dims: [channels, height, width],
    data: data.map((_, i) => data[(i % area) * channels + Math.floor(i / area)]),
  };
}

/** `[..., channels, height, width]` to `[height, width, channels]`. */
function pixels({ dims, data }: NumberArray): NumberArray {
  const [channels, height, width] = dims.slice(-3);
  const area = height * width;
  return {
    dims: [height, width, channels],
    data: data.map((_, i) => data[(i % channels) * area + Math.floor(i / channels)]),
  };
}

/** Mirrors the image past its last row and column until both sizes are even. */
function padded(picture: NumberArray): NumberArray {
  const [height, width, channels] = picture.dims;
  const dims = [height + height % 2, width + width % 2, channels];
  const data = new Float64Array(dims[0] * dims[1] * channels);
  const inside = (at: number, size: number) => at < size ? at : 2 * (size - 1) - at;
  for (let i = 0; i < data.length; i++) {
    const channel = i % channels, x = Math.floor(i / channels) % dims[1];
    const y = Math.floor(i / channels / dims[1]);
    data[i] = picture.data[(inside(y, height) * width + inside(x, width)) * channels + channel];
  }
  return { dims, data };
}

function map({ dims, data }: NumberArray, f: (value: number) => number): NumberArray {
  return { dims, data: data.map(f) };
}

/** A value in [-1, 1] as a byte, in single precision as the references compute it. */
function byteOf(value: number): number {
  return byteHalfEven(Math.fround(Math.fround(value + 1) * 127.5));
}

function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value));
}
