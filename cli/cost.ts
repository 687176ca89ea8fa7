/** What a picture will take: memory by count, time by measuring. @module */

import { encodeImage, type Image, type OutputFormat, type Plan, type Upscaler } from "../mod.ts";
import type { Settings } from "./settings.ts";
import { inBytes } from "./terminal.ts";

/** Sides of a result. */
export interface ResultSize {
  /** Columns. */
  width: number;
  /** Rows. */
  height: number;
}

/** Size of the result: the model's, or the one that `--scale` asks for. */
export function resultSize(plan: Plan, scale?: number): ResultSize {
  if (scale === undefined) return { width: plan.width, height: plan.height };
  const side = (pixels: number) => Math.max(1, Math.round(pixels * scale));
  return { width: side(plan.sourceWidth), height: side(plan.sourceHeight) };
}

/** Bytes that a process holds besides its pictures. */
const PROCESS = 200e6;
/** Bytes that encoding takes for each pixel, besides the pixels themselves. */
const ENCODING: Record<OutputFormat, number> = { png: 8, jpeg: 12, webp: 24 };

/**
 * Bytes at the peak: while the model works, or while a result is resized and encoded.
 *
 * @throws {RangeError} If that is more than `budget`.
 */
export function memoryOf(
  plan: Plan,
  size: ResultSize,
  format: OutputFormat,
  budget: number,
): number {
  const made = plan.width * plan.height;
  const written = size.width * size.height;
  const resized = size.width === plan.width && size.height === plan.height ? 0 : 4 * written;
  const held = 4 * (plan.sourceWidth * plan.sourceHeight + made * plan.samples) + resized;
  const encoding = PROCESS + held + ENCODING[format] * written;
  const peak = Math.max(plan.memory, encoding);
  if (peak <= budget) return peak;
  throw new RangeError(
    `Cannot write ${size.width}x${size.height} as ${format.toUpperCase()} within ` +
      `${inBytes(budget)}: it takes ${inBytes(peak)}. Allow more with --memory, take a smaller ` +
      `picture, fewer --samples, or --format png`,
  );
}

/** Work of a run: pixels that networks look at, or pixels at all where there is no network. */
export function workOf({ runs, tiling, sourceWidth, sourceHeight }: Plan): number {
  const area = sourceWidth * sourceHeight;
  return runs > 0 ? runs * Math.min(tiling.size ** 2, area) : area;
}

/** Side of the piece that is timed before the first picture. */
const PROBE = 48;
/** Milliseconds that timing may take. */
const PATIENCE = 2000;

/** Seconds for each unit of work, measured on a small piece of the picture with the same options. */
export async function measureRate(
  upscaler: Upscaler,
  source: Image,
  settings: Settings,
  options: Parameters<Upscaler["plan"]>[1],
): Promise<number> {
  const piece = corner(source, PROBE);
  const timeout = new AbortController();
  const start = performance.now();
  let fraction = 0;
  const seconds = () => (performance.now() - start) / 1000;
  const onProgress = (progress: { fraction: number }) => {
    fraction = progress.fraction;
    if (performance.now() - start > PATIENCE) timeout.abort();
  };
  const signal = AbortSignal.any([timeout.signal, ...options?.signal ? [options.signal] : []]);
  try {
    const { images: [image] } = await upscaler.upscale(piece, { ...options, signal, onProgress });
    await encodeImage(image, { format: settings.format ?? "png", background: [255, 255, 255] });
    fraction = 1;
  } catch (error) {
    if (!timeout.signal.aborted || options?.signal?.aborted) throw error;
  }
  return seconds() / fraction / workOf(upscaler.plan(piece, options));
}

/** The top left of a picture. */
function corner(source: Image, side: number): Image {
  const width = Math.min(side, source.width);
  const height = Math.min(side, source.height);
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 4 * y * source.width;
    data.set(source.data.subarray(from, from + 4 * width), 4 * y * width);
  }
  return { ...source, width, height, data };
}
