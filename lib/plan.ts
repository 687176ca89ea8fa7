/** Every choice of one run: defaults and checks of `UpscaleOptions` stand here and nowhere else. @module */

import { type SamplerName, samplers } from "./diffusion/samplers/mod.ts";
import { frameOf } from "./border.ts";
import type { Size } from "./image/resize.ts";
import { fitMemory, fitTile, type Regions } from "./memory.ts";
import { defaultMemory } from "./platform.ts";
import type { FamilyOption, Guide, Model } from "./models/model.ts";
import { checkSeed, drawSeed, type NoiseField } from "./tensor/noise.ts";
import { spansOf, type Tiling } from "./tiling.ts";
import type { ModelCard } from "./zoo/card.ts";

/** How to upscale; what a family does not know is refused, not ignored. */
export interface UpscaleOptions {
  /**
   * Makes the same noise again: a whole number from 0 to 2^53 - 1.
   *
   * @default {a random one, told in the result}
   */
  seed?: number;
  /**
   * Images to draw, 1 to 64.
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
   * Scale of all noise, 0 to 2, or to 1 for a flow: 0 draws the same image for every seed.
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
   * How much of the source's damage (blocks of JPEG, noise, blur) to take away: from 0, which keeps all of it,
   * to 1, or "auto", as much as the source shows.
   *
   * @default {the card's}
   */
  restore?: number | "auto";
  /**
   * Side of a tile in pixels of the source.
   *
   * @default {the card's, or a larger one where that saves work and the memory suffices}
   */
  tile?: number;
  /**
   * Moves the result so that, shrunk, it shows the source again (LR-PSNR of 50 dB and more).
   *
   * @default {false}
   */
  consistency?: boolean;
  /**
   * Enlarges the colours of pixels of opacity 0 as they are stored, such as the data that games keep there. Otherwise
   * they take the colours of visible pixels nearby, so that none of them shows at the edges.
   *
   * @default {false}
   */
  keepHidden?: boolean;
  /**
   * Bytes of memory that the run may take; larger images are worked on region by region.
   *
   * @default {4_294_967_296}
   */
  memory?: number;
  /**
   * Standard normal noise of any window of any field, in place of that of the seed.
   *
   * @default {the library's noise}
   */
  noise?: NoiseField;
  /** Content of the result to steer each step towards; its tensors are as large as the result. */
  guide?: Guide;
  /** Stops the run within one tile of one step. */
  signal?: AbortSignal;
  /** Called after each tile. */
  onProgress?: (progress: Progress) => void;
}

/** How far a run is. */
export interface Progress {
  /** What is being done: the part that all samples share, a sample's steps, or joining the image. */
  phase: "condition" | "sample" | "finish";
  /** Number of the sample, from 0. */
  sample: number;
  /** Steps done of this sample in this region. */
  step: number;
  /** Steps in all. */
  steps: number;
  /** Tiles done of this step. */
  tile: number;
  /** Tiles in all. */
  tiles: number;
  /** Share of the whole work that is done, 0 to 1; never falls. */
  fraction: number;
}

/** All choices, none left open. */
export interface Plan {
  /** Id of the entry that it is for. */
  readonly model: string;
  /** Columns of the source. */
  readonly sourceWidth: number;
  /** Rows of the source. */
  readonly sourceHeight: number;
  /** Columns of the result. */
  readonly width: number;
  /** Rows of the result. */
  readonly height: number;
  /** Seed of the noise; 0 where the family draws none. */
  readonly seed: number;
  /** Whether anything is drawn, so that the seed matters. */
  readonly generative: boolean;
  /** Images to make. */
  readonly samples: number;
  /** The sampler. */
  readonly sampler: SamplerName;
  /** Steps of the sampler. */
  readonly steps: number;
  /** Graph that makes the steps, where the entry has several. */
  readonly graph?: string;
  /** Scale of all noise. */
  readonly temperature: number;
  /** Share of the sample in the result. */
  readonly fidelity: number;
  /** How much damage to take away, where the entry has the dial; "auto" is settled when the plan is run. */
  readonly restore?: number | "auto";
  /** How a network sees the image. */
  readonly tiling: Tiling;
  /** Pixels of the source that the network sees mirrored around it. */
  readonly frame: number;
  /** Rows and columns of the regions that are worked on one after the other; often one. */
  readonly regions: Regions;
  /** Whether the result is projected onto the images that shrink to the source. */
  readonly consistency: boolean;
  /** Whether the colours of pixels of opacity 0 are enlarged as they are stored. */
  readonly keepHidden: boolean;
  /** Calls of networks, tiles counted. */
  readonly runs: number;
  /** Pixels of the source that networks look at in all calls: what the time grows with. */
  readonly seen: number;
  /** Estimate of the memory at the peak in bytes, the result among it, its encoding not. */
  readonly memory: number;
  /** What the user should know before the work. */
  readonly warnings: readonly string[];
  /** Plans of the stages, where the upscaler is a cascade. */
  readonly stages?: readonly Plan[];
  /** The noise, where it is not that of the seed. */
  readonly noise?: NoiseField;
  /** Content to steer each step towards. */
  readonly guide?: Guide;
  /** Stops the run. */
  readonly signal?: AbortSignal;
  /** Called after each tile. */
  readonly onProgress?: (progress: Progress) => void;
}

const FAMILY: readonly string[] = [
  "seed",
  "samples",
  "sampler",
  "steps",
  "temperature",
  "fidelity",
  "noise",
  "restore",
  "guide",
] satisfies FamilyOption[];
const COMMON = ["memory", "signal", "onProgress"];
/** Longest side of an image: that of a PNG file. */
const MOST_SIDE = 2 ** 31 - 1;
/** What a bicubic entry needs: no network, the kernel's radius. */
const NO_NETWORK: Tiling = { size: 512, overlap: 4, multiple: 1 };

/**
 * Fixes every choice of one run.
 *
 * @param card The model card.
 * @param model The opened family.
 * @param size Size of the source in pixels.
 * @param options What the user chose.
 * @throws {TypeError} If an option is unknown to the family or of the wrong type.
 * @throws {RangeError} If a value is out of its range, or the memory does not suffice.
 */
export function planUpscale(
  card: ModelCard,
  model: Model,
  size: Size,
  options: UpscaleOptions = {},
): Plan {
  checkNames(card, model, options);
  const {
    seed = drawSeed(),
    samples = 1,
    sampler = card.diffusion?.sampler ?? "ddim",
    steps = card.steps?.default ?? 1,
    temperature = card.flow?.temperature ?? 1,
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
  const most = card.steps?.max ?? 1;
  checkWhole("width", size.width, MOST_SIDE);
  checkWhole("height", size.height, MOST_SIDE);
  checkSeed(seed);
  checkWhole("samples", samples, 64);
  checkWhole("steps", steps, most);
  checkWithin("temperature", temperature, card.flow ? 1 : 2);
  checkWithin("fidelity", fidelity, 1);
  checkWithin("memory", budget, Infinity);
  checkFlag("consistency", consistency);
  checkRestore(card, model, restore);
  if (!Object.hasOwn(samplers, sampler)) {
    throw new RangeError(
      `Cannot use the sampler "${sampler}": there are ${Object.keys(samplers).join(", ")}`,
    );
  }
  const width = size.width * card.scale, height = size.height * card.scale;
  if (guide) checkGuide(guide, { width, height });
  const { generative } = model;
  const asked = tilingOf(card, tile);
  const frame = card.tiling ? frameOf(asked) : 0;
  const isFree = card.tiling && tile === undefined;
  const tiling = isFree ? fitTile(card, size, { tiling: asked, frame, budget }) : asked;
  const calls = model.calls({ samples, steps });
  const work = { samples, consistency, budget, tiling, generative, calls, frame };
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
    tiling,
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

/** Refuses options by name. */
function checkNames(card: ModelCard, model: Model, options: UpscaleOptions): void {
  const own = [
    ...card.tiling ? ["tile"] : [],
    ...model.condition ? ["consistency", "keepHidden"] : [],
  ];
  const known = [...model.accepts, ...own, ...COMMON];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    const why = ["tile", "consistency", "keepHidden"].includes(name) || FAMILY.includes(name)
      ? `the family "${card.family}" of ${card.id} does not have it`
      : "there is no such option";
    throw new TypeError(`Cannot use the option "${name}": ${why}. It takes ${known.join(", ")}`);
  }
}

/** The card's tiling, with the tile that the user chose. */
function tilingOf(card: ModelCard, tile?: number): Tiling {
  const tiling = { ...card.tiling ?? NO_NETWORK };
  if (tile !== undefined) tiling.size = tile;
  spansOf(tiling.multiple, tiling); // refuses a size that cannot work
  return tiling;
}

/** What is allowed, but not what the entry was trained for. */
function warningsOf(card: ModelCard, steps: number): string[] {
  const trained = card.steps?.trained.map((entry) => entry.steps) ?? [];
  if (trained.length === 0 || trained.includes(steps)) return [];
  return [`${card.id} was trained for ${trained.join(", ")} steps: ${steps} may look worse`];
}

/** Refuses a dial beyond its range, and "auto" where nothing estimates the damage. */
function checkRestore({ id }: ModelCard, { damage }: Model, restore?: number | "auto"): void {
  if (restore === undefined) return;
  if (restore !== "auto") return checkWithin("restore", restore, 1);
  if (damage) return;
  throw new RangeError(
    `Cannot use restore = "auto": ${id} has no graph "damage" that estimates it. ` +
      `Give a number from 0 to 1`,
  );
}

/** Refuses a guide of another size than the result's. */
function checkGuide({ image, weight }: Guide, { width, height }: Size): void {
  for (const [name, { dims }, channels] of [["image", image, 3], ["weight", weight, 1]] as const) {
    if (`${dims}` === `1,${channels},${height},${width}`) continue;
    throw new RangeError(
      `Cannot use the guide's ${name} of [${dims}]: it must be [1,${channels},${height},${width}]`,
    );
  }
}

/** Refuses what is not a whole number from 1 to `most`. */
function checkWhole(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(
    `Cannot use ${name} = ${value}: it must be a whole number from 1 to ${most}`,
  );
}

/** Refuses what is not from 0 to `most`. */
function checkWithin(name: string, value: number, most: number): void {
  if (typeof value === "number" && value >= 0 && value <= most) return;
  throw new RangeError(`Cannot use ${name} = ${value}: it must be a number from 0 to ${most}`);
}

/** Refuses what is neither true nor false. */
function checkFlag(name: string, value: boolean): void {
  if (typeof value === "boolean") return;
  throw new TypeError(`Cannot use ${name} = ${value}: it must be true or false`);
}
