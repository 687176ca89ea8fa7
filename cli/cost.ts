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

/** How long images take. */
export interface Pace {
  /** Seconds of an image, whatever its size. */
  readonly fixed: number;
  /** Further seconds per unit of work. */
  readonly unit: number;
  /** The part of `unit` in which the result is written. */
  readonly writing: number;
}

/** Seconds that an image takes. */
export function secondsOf({ fixed, unit }: Pace, plan: Plan): number {
  return fixed + unit * workOf(plan);
}

/**
 * The pace after an image was made and written. One image does not show the fixed part, which is kept.
 *
 * @param seconds The time of both, and of writing alone.
 */
export function paceAfter(
  { fixed }: Pace,
  seconds: { all: number; writing: number },
  plan: Plan,
): Pace {
  const kept = Math.min(fixed, seconds.all / 2);
  const work = workOf(plan);
  return { fixed: kept, unit: (seconds.all - kept) / work, writing: seconds.writing / work };
}

/**
 * Seconds until an image is written.
 *
 * @param fraction How much of it is made, more than 0.
 * @param spent Seconds that this took.
 */
export function secondsLeft(
  { writing }: Pace,
  plan: Plan,
  { fraction, spent }: { fraction: number; spent: number },
): number {
  return spent * (1 / fraction - 1) + writing * workOf(plan);
}

/** Milliseconds that are enough for a measurement, its limit, and the limit of the first run. */
const ENOUGH = 300, PATIENCE = 2000, LONGEST = 20_000;
/** A piece is tried again, at most twice, until this many milliseconds have passed. */
const SHORT = 150;
/** Side of the smallest piece. */
const SMALLEST = 32;

/**
 * Measures the pace on pieces of the image with the same options. The first run is slow, so it is not counted. The piece
 * grows until it takes long enough or its sides are more than an eighth of the image's: larger ones would take a good
 * part of the image's time, and memory that the image cannot use again. The fixed time follows from the difference
 * between the last two pieces.
 */
export async function measurePace(
  upscaler: Upscaler,
  source: Image,
  format: OutputFormat,
  options: UpscaleOptions,
): Promise<Pace> {
  const clocked = async (side: number, patience: number) => {
    const piece = corner(source, side);
    const plan = upscaler.plan(piece, options);
    const start = performance.now();
    const { fraction, writing } = await tryPiece(upscaler, piece, format, { plan, patience });
    const took = (performance.now() - start) / 1000;
    return { work: fraction * workOf(plan), took, writing, fraction };
  };
  const first = await clocked(SMALLEST, LONGEST);
  if (first.fraction < 1) return paceOf(nothing, first); // too slow to measure more
  let before = nothing;
  for (let side = SMALLEST;; side *= 2) {
    const { fraction, ...measured } = await leastOf(() => clocked(side, PATIENCE));
    // One piece alone does not show the fixed time, which may be most of what it takes.
    const isEnough = before.work > 0 && 1000 * measured.took > ENOUGH;
    const isLargest = before.work > 0 && (8 * side) ** 2 > source.width * source.height;
    if (isEnough || isLargest || fraction < 1) {
      const isShort = before.work > 0 && 1000 * measured.took < SHORT;
      // When the smaller piece was tried first, code was still being compiled.
      const again = isShort ? await leastOf(() => clocked(side / 2, PATIENCE), 2) : before;
      return paceOf(fasterOf(before, again), measured);
    }
    before = measured;
  }
}

/** The fastest of several tries, if they are so short that other load on the machine would distort them. */
async function leastOf<Result extends Tried>(
  attempt: () => Promise<Result>,
  tries = 3,
): Promise<Result> {
  const start = performance.now();
  let least = await attempt();
  for (let again = 1; again < tries && performance.now() - start < SHORT; again++) {
    least = fasterOf(least, await attempt());
  }
  return least;
}

function fasterOf<Result extends Tried>(one: Result, other: Result): Result {
  return other.took < one.took ? other : one;
}

/** A measured piece: units of work, seconds in all, and seconds of encoding. */
interface Tried {
  work: number;
  took: number;
  writing: number;
}

/** Stands for the piece before the first. */
const nothing: Tried = { work: 0, took: 0, writing: 0 };

/** The pace from the difference of two pieces or, if that is unusable, from the larger one alone with no fixed time. */
function paceOf(small: Tried, large: Tried): Pace {
  const more = large.took - small.took;
  const isTelling = small.work > 0 && 2 * small.work < large.work && more > 0.15 * large.took;
  const writing = large.writing / large.work;
  if (!isTelling) return { fixed: 0, unit: large.took / large.work, writing };
  const unit = more / (large.work - small.work);
  return { fixed: Math.max(0, large.took - unit * large.work), unit, writing };
}

/** Enlarges and encodes a piece; returns the fraction that was done before the time limit, and the seconds of encoding. */
async function tryPiece(
  upscaler: Upscaler,
  piece: Image,
  format: OutputFormat,
  { plan, patience }: { plan: Plan; patience: number },
): Promise<{ fraction: number; writing: number }> {
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
    const made = performance.now();
    await encodeImage(image, { format, background: [255, 255, 255] });
    return { fraction: 1, writing: (performance.now() - made) / 1000 };
  } catch (error) {
    if (!timeout.signal.aborted || plan.signal?.aborted) throw error;
    return { fraction, writing: 0 };
  }
}

/** The top left corner of an image. */
function corner(source: Image, side: number): Image {
  const width = Math.min(side, source.width);
  const height = Math.min(side, source.height);
  return cropImage(source, { x: 0, y: 0, width, height });
}
