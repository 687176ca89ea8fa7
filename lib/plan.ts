/** The plan of one run: defaults and checks of `UpscaleOptions` are here and nowhere else. @module */

import { type SamplerName, samplers } from "./diffusion/samplers/mod.ts";
import { frameOf } from "./border.ts";
import { checkSize, MOST_SIDE, type Size } from "./image/resize.ts";
import {
  checkFlag,
  checkFunction,
  checkNames,
  checkNumber,
  checkObject,
  checkSignal,
  checkWhole,
} from "./checks.ts";
import { fitMemory, type Regions } from "./memory.ts";
import { defaultMemory } from "./platform.ts";
import type { FamilyOption, Guide, Model } from "./models/model.ts";
import { checkSeed, drawSeed, type NoiseField } from "./tensor/noise.ts";
import { sizeOf, type Tensor } from "./tensor/tensor.ts";
import { spansOf, type Tiling } from "./tiling.ts";
import type { ModelCard } from "./zoo/card.ts";

/** Options of `upscale()`; those that a family does not have are refused, not ignored. */
export interface UpscaleOptions {
  /**
   * Seed of the noise: a whole number from 0 to 2^53 - 1.
   *
   * @default {a random one, which the result states}
   */
  seed?: number;
  /**
   * Number of images to make, 1 to 64.
   *
   * @default {1}
   */
  samples?: number;
  /**
   * The sampler.
   *
   * @default {the card's}
   */
  sampler?: SamplerName;
  /**
   * Steps of the sampler, 1 to the card's maximum.
   *
   * @default {the card's}
   */
  steps?: number;
  /**
   * Scale of all noise, 0 to 2, or to 1 for a flow: 0 gives the same image for every seed.
   *
   * @default {the card's, or 1}
   */
  temperature?: number;
  /**
   * From 0, the base image of least error, to 1, the sample itself.
   *
   * @default {1}
   */
  fidelity?: number;
  /**
   * How much of the source's damage (JPEG blocks, noise, blur) to remove: from 0, which keeps all of it,
   * to 1, which removes all of it; "auto" removes as much as the source shows.
   *
   * @default {the card's}
   */
  restore?: number | "auto";
  /**
   * Side of a tile in pixels of the source.
   *
   * @default {the card's, or a larger one if that saves work and the memory suffices}
   */
  tile?: number;
  /**
   * Makes the result match the source when it is shrunk again (LR-PSNR of 50 dB and more).
   *
   * @default {false}
   */
  consistency?: boolean;
  /**
   * Enlarges the colours of pixels of opacity 0 as they are stored; games keep data there. Otherwise
   * they take the colours of visible pixels nearby, so that they do not show at the edges.
   *
   * @default {false}
   */
  keepHidden?: boolean;
  /**
   * Bytes of memory that the run may take; larger images are processed region by region.
   *
   * @default {4_294_967_296}
   */
  memory?: number;
  /**
   * Standard normal noise for any window of any field, in place of the seed's.
   *
   * @default {the library's noise}
   */
  noise?: NoiseField;
  /** Content to steer each step towards, in tensors as large as the result. */
  guide?: Guide;
  /** Stops the run within one tile of one step. */
  signal?: AbortSignal;
  /** Called after each tile. */
  onProgress?: (progress: Progress) => void;
}

/** Progress of a run. */
export interface Progress {
  /** The current phase: the part that all samples share, the steps of a sample, or joining the image. */
  phase: "condition" | "sample" | "finish";
  /** Number of the sample, from 0. */
  sample: number;
  /** Steps done of this sample in this region. */
  step: number;
  /** Number of steps. */
  steps: number;
  /** Tiles done of this step. */
  tile: number;
  /** Number of tiles. */
  tiles: number;
  /** Fraction of the whole work that is done, 0 to 1; never decreases. */
  fraction: number;
}

/** All choices of a run. */
export interface Plan {
  /** Id of its entry. */
  readonly model: string;
  /** Columns of the source. */
  readonly sourceWidth: number;
  /** Rows of the source. */
  readonly sourceHeight: number;
  /** Columns of the result. */
  readonly width: number;
  /** Rows of the result. */
  readonly height: number;
  /** Seed of the noise; 0 if the family draws none. */
  readonly seed: number;
  /** Whether noise is drawn, so that the seed matters. */
  readonly generative: boolean;
  /** Images to make. */
  readonly samples: number;
  /** The sampler. */
  readonly sampler: SamplerName;
  /** Steps of the sampler. */
  readonly steps: number;
  /** Graph that makes the steps, if the entry has several. */
  readonly graph?: string;
  /** Scale of all noise. */
  readonly temperature: number;
  /** Weight of the sample in the result. */
  readonly fidelity: number;
  /** How much damage to remove, if the entry has the option; "auto" becomes a number when the plan is executed. */
  readonly restore?: number | "auto";
  /** How the image is cut for the network. */
  readonly tiling: Tiling;
  /** Number of mirrored pixels around the source that the network sees. */
  readonly frame: number;
  /** Rows and columns of the regions, which are processed one after the other; often just one. */
  readonly regions: Regions;
  /** Whether the result is projected onto the images that shrink to the source. */
  readonly consistency: boolean;
  /** Whether the colours of pixels of opacity 0 are enlarged as they are stored. */
  readonly keepHidden: boolean;
  /** Number of network calls, over all tiles. */
  readonly runs: number;
  /** Pixels of the source that networks process in all calls; the time is proportional to them. */
  readonly seen: number;
  /** Estimate of the peak memory in bytes, including the result but not its encoding. */
  readonly memory: number;
  /** Warnings for the user before the work. */
  readonly warnings: readonly string[];
  /** Plans of the stages, if the upscaler is a cascade. */
  readonly stages?: readonly Plan[];
  /** The noise, if it is not the seed's. */
  readonly noise?: NoiseField;
  /** Content to steer each step towards. */
  readonly guide?: Guide;
  /** Aborts the run. */
  readonly signal?: AbortSignal;
  /** Called after each tile. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Options that some entries do not have. */
const OPTIONAL: readonly string[] = [
  "seed",
  "samples",
  "sampler",
  "steps",
  "temperature",
  "fidelity",
  "noise",
  "restore",
  "guide",
  "tile",
  "consistency",
  "keepHidden",
] satisfies (keyof UpscaleOptions)[];
const COMMON = ["memory", "signal", "onProgress"] satisfies (keyof UpscaleOptions)[];
/** Most pixels of a result: their bytes are in one array, and their tiles in lists. */
const MOST_PIXELS = 2 ** 31;
/** The tiling of a bicubic entry, which has no network: the overlap is the kernel's radius. */
const NO_NETWORK: Tiling = { size: 512, overlap: 4, multiple: 1 };

/**
 * Makes the plan of one run.
 *
 * @param card The model card.
 * @param model The opened family.
 * @param size Size of the source in pixels.
 * @param options The options of the user.
 * @throws {TypeError} If the family does not have an option, or its type is wrong.
 * @throws {RangeError} If a value is out of its range, or the memory is too small.
 */
export function planUpscale(
  card: ModelCard,
  model: Model,
  size: Size,
  options: UpscaleOptions = {},
): Plan {
  checkObject("size", size);
  checkNames(
    options,
    optionsOf(card, model.accepts, !!model.condition),
    (name) =>
      OPTIONAL.includes(name)
        ? `the family "${card.family}" of ${card.id} does not have it`
        : undefined,
  );
  const {
    seed = drawSeed(),
    samples = 1,
    sampler = card.diffusion?.sampler ?? "ddim",
    steps = card.steps?.default ?? 1,
    temperature = temperatureOf(card).default,
    fidelity = 1,
    restore = card.restore?.default,
    tile,
    consistency = false,
    keepHidden = false,
    memory: budget = defaultMemory,
    noise,
    guide,
    signal,
    onProgress,
  } = options;
  checkSize(size);
  checkChoices(card, { seed, samples, sampler, steps, temperature, fidelity });
  checkNumber("memory", budget, { to: Infinity });
  checkFlag("consistency", consistency);
  checkFlag("keepHidden", keepHidden);
  checkHandles(options);
  checkRestore(card, model, restore);
  const width = size.width * card.scale, height = size.height * card.scale;
  if (width * height > MOST_PIXELS) {
    throw new RangeError(
      `Cannot make an image of ${width}x${height}: it may have at most 2^31 pixels. Cut the image`,
    );
  }
  if (guide !== undefined) checkGuide(guide, { width, height });
  const { generative } = model;
  const tiling = tilingOf(card, model, tile);
  const frame = card.tiling ? frameOf(tiling) : 0;
  const isFree = tile === undefined && !tiling.blended;
  const calls = model.calls({ samples, steps });
  const work = { samples, consistency, budget, tiling, isFree, generative, calls, frame };
  return {
    model: card.id,
    sourceWidth: size.width,
    sourceHeight: size.height,
    width,
    height,
    seed: generative ? seed : 0,
    generative,
    samples,
    sampler,
    steps,
    graph: model.graphOf?.(steps),
    temperature,
    fidelity,
    restore,
    frame,
    consistency,
    keepHidden,
    ...fitMemory(card, size, work),
    warnings: warningsOf(card, steps),
    noise,
    guide,
    signal,
    onProgress,
  };
}

/**
 * Refuses choices out of their range.
 *
 * @throws {TypeError} If one is of the wrong type.
 * @throws {RangeError} If one is out of its range.
 */
export function checkChoices(
  card: ModelCard,
  { seed, samples, sampler, steps, temperature, fidelity }: Pick<
    Plan,
    "seed" | "samples" | "sampler" | "steps" | "temperature" | "fidelity"
  >,
): void {
  checkSeed(seed);
  checkWhole("samples", samples, { from: 1, to: 64 });
  checkWhole("steps", steps, { from: 1, to: card.steps?.max ?? 1 });
  checkNumber("temperature", temperature, { to: temperatureOf(card).max });
  checkNumber("fidelity", fidelity, { to: 1 });
  if (Object.hasOwn(samplers, sampler)) return;
  throw new RangeError(
    `Cannot use the sampler "${String(sampler)}": choose one of ${
      Object.keys(samplers).join(", ")
    }`,
  );
}

/** The default and the largest temperature of an entry. */
export function temperatureOf({ flow }: ModelCard): { default: number; max: number } {
  return flow ? { default: flow.temperature, max: 1 } : { default: 1, max: 2 };
}

/** The options of an entry, which enlarges images or generates them. */
export function optionsOf(
  { tiling }: ModelCard,
  accepts: readonly FamilyOption[],
  enlarges = true,
): string[] {
  return [
    ...accepts,
    ...tiling ? ["tile"] : [],
    ...enlarges ? ["consistency", "keepHidden"] : [],
    ...COMMON,
  ];
}

/**
 * Overlap of tiles in pixels: half the network's radius if noise is drawn, otherwise a third; at most 20, or a quarter of the
 * radius if that is more; at least 16 with noise and 8 without, or the radius itself if that is less.
 *
 * Pixels farther away count so little that no value of a result changes by more than 1 of 255 (effective receptive fields are a
 * fraction of theoretical ones, Luo et al. 2016). Of the 184,320 values of the contract tests' hardest image, in tiles of 64 pixels,
 * 1,611 change by 1 for sr3 (radius 44), 1,154 for ddpm (44), 39 for srdiff-photo (76), 304 for regression (24) and 482 for
 * regression-photo (22). With 16 pixels, 355 values of ddpm change by 2 to 4; with 6 pixels, 74 of regression change by 2.
 */
function enough(radius: number, { generative }: Model): number {
  const [least, share] = generative ? [16, radius / 2] : [8, radius / 3];
  return Math.min(radius, Math.max(least, Math.min(20, share), radius / 4));
}

/** The card's tiling with as much overlap as matters, and with the tile that the user chose. */
function tilingOf(card: ModelCard, model: Model, tile?: number): Tiling {
  const tiling = { ...card.tiling ?? NO_NETWORK };
  if (!tiling.blended) tiling.overlap = enough(tiling.overlap, model);
  if (tile !== undefined) {
    checkWhole("tile", tile, { from: 1, to: MOST_SIDE });
    tiling.size = tile;
  }
  spansOf(tiling.multiple, tiling); // refuses a size that cannot work
  return tiling;
}

/** Warnings about options that are allowed, but that the entry was not trained for. */
function warningsOf(card: ModelCard, steps: number): string[] {
  const trained = card.steps?.trained.map((entry) => entry.steps) ?? [];
  if (trained.length === 0 || trained.includes(steps)) return [];
  return [`${card.id} was trained for ${trained.join(", ")} steps: ${steps} may look worse`];
}

/** Whether a value is a tensor with as many values as its sizes say. */
function isTensor(value: unknown): value is Tensor {
  const { data, dims } = Object(value);
  return data instanceof Float32Array && Array.isArray(dims) && data.length === sizeOf(dims);
}

/** Refuses `restore` out of its range, and "auto" if the entry does not estimate the damage. */
function checkRestore({ id }: ModelCard, { damage }: Model, restore?: number | "auto"): void {
  if (restore === undefined) return;
  if (restore !== "auto") return checkNumber("restore", restore, { to: 1 });
  if (damage) return;
  throw new RangeError(
    `Cannot use restore = "auto": ${id} has no graph "damage" that estimates it. ` +
      `Give a number from 0 to 1`,
  );
}

/**
 * Refuses functions and signals of the wrong type.
 *
 * @throws {TypeError} If one is.
 */
export function checkHandles(
  { noise, onProgress, signal }: Pick<UpscaleOptions, "noise" | "onProgress" | "signal">,
): void {
  checkFunction("noise", noise);
  checkFunction("onProgress", onProgress);
  checkSignal("signal", signal);
}

/**
 * Refuses the user's own noise if it is not a tensor of the required size.
 *
 * @throws {TypeError} If it is not.
 */
export function checkNoise(values: Tensor, dims: readonly number[]): Tensor {
  if (isTensor(values) && `${values.dims}` === `${dims}`) return values;
  throw new TypeError(`Cannot use the noise: it must give a tensor of [${dims}]`);
}

/**
 * Refuses a guide that is not as large as the result.
 *
 * @throws {TypeError} If it does not have two tensors.
 * @throws {RangeError} If they have other sizes.
 */
export function checkGuide(guide: Guide, { width, height }: Size): void {
  const { image, weight } = Object(guide);
  if (!isTensor(image) || !isTensor(weight)) {
    throw new TypeError("Cannot use the guide: it must have the tensors image and weight");
  }
  for (const [name, { dims }, channels] of [["image", image, 3], ["weight", weight, 1]] as const) {
    if (`${dims}` === `1,${channels},${height},${width}`) continue;
    throw new RangeError(
      `Cannot use the guide's ${name} of [${dims}]: it must be [1,${channels},${height},${width}]`,
    );
  }
}
