/** Methods that only interpolate between pixels. @module */

import type { Image } from "../../lib/image/image.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { repeated } from "../sheet.ts";
import { type Method, plainMethod } from "./method.ts";

type Enlarge = (low: Image, scale: number) => Image;

const table: Readonly<Record<string, Enlarge>> = { nearest, bicubic, lanczos3 };

/** Names of all baselines. */
export const baselines: readonly string[] = Object.keys(table);

/** The baseline of this name. */
export function baseline(name: string): Method {
  return plainMethod({
    name,
    generative: false,
    digest: `${name} 1`,
    facts: { kind: "baseline" },
    enlarge: ({ low, scale }) => Promise.resolve(table[name](low, scale)),
  });
}

/** Repeats pixels. */
function nearest(low: Image, scale: number): Image {
  return { ...low, ...repeated(low, scale) };
}

/** The exact bicubic, rounded after each pass: the project's baseline. */
function bicubic(low: Image, scale: number): Image {
  return resizeImage(low, { width: low.width * scale, height: low.height * scale });
}

/** Windowed sinc over six pixels, replicated edges, rounded once. */
function lanczos3(low: Image, scale: number): Image {
  const width = low.width * scale, height = low.height * scale;
  const wide = new Float64Array(width * low.height * 4);
  for (let x = 0; x < width; x++) {
    for (const [from, weight] of lanczosTaps(x, scale, low.width)) {
      for (let y = 0; y < low.height; y++) {
        const target = 4 * (y * width + x), source = 4 * (y * low.width + from);
        for (let c = 0; c < 4; c++) wide[target + c] += weight * low.data[source + c];
      }
    }
  }
  const data = new Uint8ClampedArray(width * height * 4);
  const row = new Float64Array(width * 4);
  for (let y = 0; y < height; y++) {
    row.fill(0.5); // with floor() below, this rounds half up
    for (const [from, weight] of lanczosTaps(y, scale, low.height)) {
      for (let i = 0; i < row.length; i++) row[i] += weight * wide[from * row.length + i];
    }
    for (let i = 0; i < row.length; i++) data[y * row.length + i] = Math.floor(row[i]);
  }
  return { ...low, width, height, data };
}

/** Input samples and weights of output sample `i`. */
function lanczosTaps(i: number, scale: number, inputs: number): [number, number][] {
  const centre = (i + 0.5) / scale - 0.5;
  const taps = Array.from({ length: 6 }, (_, k): [number, number] => {
    const from = Math.floor(centre) - 2 + k;
    const d = centre - from;
    return [Math.min(inputs - 1, Math.max(0, from)), sinc(d) * sinc(d / 3)];
  });
  const sum = taps.reduce((total, [, weight]) => total + weight, 0);
  return taps.map(([from, weight]) => [from, weight / sum]);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
