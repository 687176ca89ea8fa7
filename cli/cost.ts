/** Estimates of the memory and the time that an image takes. @module */

import { cropImage } from "../lib/image/crop.ts";
import type { OutputFormat } from "../lib/image/files/format.ts";
import { processMemory } from "../lib/memory.ts";
import { defaultMemory } from "../lib/platform.ts";
import { encodeImage, type Image, type Plan, type UpscaleOptions, type Upscaler } from "../mod.ts";
import { inBytes } from "./terminal.ts";

/** Size of a result. */
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

/** Bytes per pixel that encoding takes, besides the pixels themselves. */
const ENCODING: Record<OutputFormat, number> = { png: 8, jpeg: 12, webp: 32 };

/** Bytes of memory that an image takes while its result is resized and encoded. */
export function writingMemory(plan: Plan, size: ResultSize, format: OutputFormat): number {
  const made = plan.width * plan.height;
  const written = size.width * size.height;
  const resized = size.width === plan.width && size.height === plan.height ? 0 : 4 * written;
  const held = 4 * (plan.sourceWidth * plan.sourceHeight + made * plan.samples) + resized;
  return held + ENCODING[format] * written;
}

/**
 * Peak memory in bytes: while the model runs, or while a result is resized and encoded.
 *
 * @throws {RangeError} If that is more than `budget`.
 */
export function memoryOf(
  plan: Plan,
  size: ResultSize,
  format: OutputFormat,
  budget: number = defaultMemory,
): number {
  const peak = Math.max(plan.memory, processMemory + writingMemory(plan, size, format));
  if (peak <= budget) return peak;
  const ways = [
    "allow more with --memory",
    ...plan.samples > 1 ? ["draw fewer --samples"] : [],
    ...format === "png" ? [] : ["write --format png"],
    "take a smaller image",
  ];
  throw new RangeError(
    `Cannot write ${size.width}x${size.height} as ${format.toUpperCase()} within ` +
      `${inBytes(budget)} of memory: it takes ${inBytes(peak)}. You can ${ways.join(", or ")}`,
  );
}

/** Work of a run: pixels that networks process, or all pixels if there is no network. */
export function workOf({ seen, sourceWidth, sourceHeight }: Plan): number {
  return seen || sourceWidth * sourceHeight;
}

/** Milliseconds that suffice for a measurement, its limit, and that of the first run. */
const ENOUGH = 300, PATIENCE = 2000, LONGEST = 20_000;
/** Side of the smallest piece. */
const SMALLEST = 32;

/**
 * Seconds per unit of work, measured with the same options on pieces of the image. The first run is slow, so
 * it is not counted. The piece grows until it takes long enough or is a quarter of the image. The fixed cost of a
 * piece follows from the difference to the piece before it.
 */
export async function measureRate(
  upscaler: Upscaler,
  source: Image,
  format: OutputFormat,
  options: UpscaleOptions,
): Promise<number> {
  const clocked = async (side: number, patience: number) => {
    const piece = corner(source, side);
    const plan = upscaler.plan(piece, options);
    const start = performance.now();
    const fraction = await tryPiece(upscaler, piece, format, { plan, patience });
    return { work: fraction * workOf(plan), took: (performance.now() - start) / 1000, fraction };
  };
  const first = await clocked(SMALLEST, LONGEST);
  if (first.fraction < 1) return first.took / first.work; // slow whatever the reason
  let before = { work: 0, took: 0 };
  for (let side = SMALLEST;; side *= 2) {
    const { fraction, ...measured } = await clocked(side, PATIENCE);
    // One piece alone does not tell what is fixed, which may be most of its time.
    const isEnough = before.work > 0 && 1000 * measured.took > ENOUGH;
    const isLargest = 16 * side ** 2 > source.width * source.height;
    if (isEnough || isLargest || fraction < 1) return rateOf(before, measured);
    before = measured;
  }
}

/** Seconds per unit, from the difference of two pieces; from the larger one alone if the difference is not usable. */
function rateOf(
  small: { work: number; took: number },
  large: { work: number; took: number },
): number {
  const more = large.took - small.took;
  const isTelling = small.work > 0 && 2 * small.work < large.work && more > 0.15 * large.took;
  return isTelling ? more / (large.work - small.work) : large.took / large.work;
}

/** Enlarges and encodes a piece; returns the fraction that was done before the time limit. */
async function tryPiece(
  upscaler: Upscaler,
  piece: Image,
  format: OutputFormat,
  { plan, patience }: { plan: Plan; patience: number },
): Promise<number> {
  const start = performance.now();
  const timeout = new AbortController();
  let fraction = 0;
  const onProgress = (progress: { fraction: number }) => {
    fraction = progress.fraction;
    if (performance.now() - start > patience) timeout.abort();
  };
  const signal = AbortSignal.any([timeout.signal, ...plan.signal ? [plan.signal] : []]);
  try {
    const { images: [image] } = await upscaler.upscale(piece, { ...plan, signal, onProgress });
    await encodeImage(image, { format, background: [255, 255, 255] });
    return 1;
  } catch (error) {
    if (!timeout.signal.aborted || plan.signal?.aborted) throw error;
    return fraction;
  }
}

/** The top left corner of an image. */
function corner(source: Image, side: number): Image {
  const width = Math.min(side, source.width);
  const height = Math.min(side, source.height);
  return cropImage(source, { x: 0, y: 0, width, height });
}
