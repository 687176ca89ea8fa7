/** The contract of model families, each of which is one file. @module */

import { ManifestError } from "../errors.ts";
import type { SamplerName } from "../diffusion/samplers/mod.ts";
import type { Session } from "../runtime/session.ts";
import type { Held } from "../tensor/held.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tiling } from "../tiling.ts";
import type { ModelCard } from "../zoo/card.ts";

/** An option of `upscale()` that only some families know. */
export type FamilyOption =
  | "seed"
  | "samples"
  | "sampler"
  | "steps"
  | "temperature"
  | "fidelity"
  | "noise"
  | "restore"
  | "guide";

/** A family opened on one card: what `Upscaler` and `Generator` drive. */
export type Model = Enlarger | Beginner;

/** A model that enlarges images. */
export interface Enlarger extends ModelFacts {
  /** Computes what all samples of one image share, such as the encoder's features. */
  condition(input: ConditionInput): Promise<Conditioned>;
  /** Finds the latents of an image, if the entry can. */
  encode?(input: EncodeInput): Promise<Encoding>;
}

/** A model that generates images from noise alone. */
export interface Beginner extends ModelFacts {
  /** Absent: it takes no image. */
  condition?: undefined;
  /** Begins an image. */
  begin(frame: Frame): Conditioned;
}

/** Facts about a model. */
export interface ModelFacts {
  /** The family options that it has; all others are refused. */
  readonly accepts: readonly FamilyOption[];
  /** Whether it draws samples, so that the seed matters. */
  readonly generative: boolean;
  /** Network calls of all samples of one tile, including shared ones. */
  calls(choices: Pick<SampleInput, "steps"> & { samples: number }): number;
  /** Estimates how damaged an image is, `[1, 1, h, w]` in 0 to 1, if the entry can. */
  damage?(input: ConditionInput): Promise<Tensor>;
  /** Name of the graph that makes the steps of a run, if there is more than one. */
  graphOf?(steps: number): string;
}

/** An image to be generated without an input. */
export interface Frame {
  /** Columns of the low-resolution grid. */
  width: number;
  /** Rows of the low-resolution grid. */
  height: number;
  /** How to cut it. */
  tiling: Tiling;
}

/** One low-resolution image. */
export interface ConditionInput {
  /** `[1, 3, h, w]` in [-1, 1], of any size: the family pads to the multiple it needs. */
  lr: Tensor;
  /** How to cut it. */
  tiling: Tiling;
  /** How much of its damage to remove, 0 to 1, for entries that have the option. */
  restore?: number;
  /** Aborts the work within one tile. */
  signal?: AbortSignal;
  /** Called after each tile with the number of tiles done and of all tiles. */
  onTile?: (done: number, tiles: number) => void;
}

/** An image in low and high resolution. */
export interface EncodeInput extends ConditionInput {
  /** `[1, 3, h*scale, w*scale]` in [-1, 1]. */
  hr: Tensor;
}

/** The latents of an image. */
export interface Encoding {
  /** By draw: what a sampler would have to draw to make the image, on grids `ratio` times the input's. */
  readonly latents: readonly { values: Tensor; ratio: number }[];
  /** log |d latents / d hr|, for hr in [-1, 1]. */
  readonly logDet: number;
}

/** An image that is ready to be sampled. */
export interface Conditioned {
  /** The posterior mean `[1, 3, h*scale, w*scale]` in [-1, 1], if the entry has one. */
  readonly estimate?: Tensor;
  /** Frees the memory that all samples share; no sample can be drawn afterwards. */
  dispose?(): void;
  /**
   * Draws one sample and yields each step; returns the image `[1, 3, h*scale, w*scale]`, which is the caller's unless it is the
   * estimate.
   */
  sample(input: SampleInput): AsyncGenerator<SampleStep, Tensor>;
}

/** All choices for one sample. */
export interface SampleInput {
  /** Name in the table of samplers. */
  sampler: SamplerName;
  /** Number of steps (NFE of the denoiser). */
  steps: number;
  /** out = base + fidelity * (sample - base): 0 is the least error, 1 the sample itself. */
  fidelity: number;
  /**
   * Standard normal noise of one draw, times the temperature, `[1, channels, height, width]`.
   *
   * `ratio` is the size of its grid relative to the low-resolution grid: the scale for noise of the result's
   * size, 0.5 for a latent of half the input's. The noise depends on the absolute position on that grid. It may be
   * held, to be drawn where it is needed. Nobody else uses its values, so that they may be overwritten.
   */
  noise: (
    draw: number,
    dims: readonly number[],
    ratio: number,
  ) => Tensor | Held | Promise<Tensor | Held>;
  /** Content to steer each step towards. */
  guide?: Guide;
  /** Aborts the loop within one tile of one step. */
  signal?: AbortSignal;
  /** Called after each tile of each step. */
  onTile?: (done: number, tiles: number) => void;
}

/** An image that a sample takes content from. */
export interface Guide {
  /** `[1, 3, h*scale, w*scale]` in [-1, 1]. */
  image: Tensor;
  /** `[1, 1, h*scale, w*scale]` in [0, 1]: 0 leaves the sample alone, 1 follows the image. */
  weight: Tensor;
}

/** One step of a sample. */
export interface SampleStep {
  /** Steps done, from 1. */
  step: number;
  /** Number of steps. */
  steps: number;
  /**
   * Makes the image that this step estimates, `[1, 3, h*scale, w*scale]`. A GPU keeps it until the next step is asked for.
   */
  image(): Promise<Tensor>;
  /**
   * Makes the image of the state that this step began with, x_T at the first step; absent if there are no states. A GPU
   * keeps it as long.
   */
  state?(): Promise<Tensor>;
}

/** Opens a family on a card and the sessions of its graphs, by the card's graph names. */
export type Family = (card: ModelCard, sessions: Readonly<Record<string, Session>>) => Model;

/** A graph that a family needs. */
export interface GraphNeed {
  /** Name of the graph. */
  name: string;
  /** Names of the inputs that the family gives it, besides `restore`. */
  inputs?: readonly string[];
}

/**
 * The session of a graph that a family needs.
 *
 * @throws {ManifestError} If the card has no such graph, or it has other inputs than the family gives it.
 */
export function graphNamed(
  card: ModelCard,
  sessions: Readonly<Record<string, Session>>,
  { name, inputs }: GraphNeed,
): Session {
  const session = sessions[name];
  if (!session) {
    throw new ManifestError(
      `${card.id}#graphs`,
      `the family "${card.family}" needs a graph named "${name}", the card has ` +
        (Object.keys(sessions).join(", ") || "none"),
    );
  }
  const { inputs: has } = session;
  const given = [...inputs ?? [], ...card.restore ? ["restore"] : []];
  const fits = inputs?.every((input) => has?.includes(input)) &&
    has?.every((input) => given.includes(input));
  if (!inputs || !has || fits) return session;
  throw new ManifestError(
    `${card.id}#graphs.${name}`,
    `the family "${card.family}" gives this graph ${given.join(", ")}, but it takes ${
      has.join(", ")
    }`,
  );
}
