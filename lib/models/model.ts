/** The contract of model families: a family costs one file. @module */

import type { SamplerName } from "../diffusion/samplers/mod.ts";
import type { SamplerStep } from "../diffusion/samplers/sampler.ts";
import type { Session } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Tiling } from "../tiling.ts";
import type { ModelCard } from "../zoo/card.ts";

/** The options of `upscale()` that only some families know. */
export type GenerativeOption =
  | "seed"
  | "samples"
  | "sampler"
  | "steps"
  | "temperature"
  | "fidelity";

/** A family opened on one card: what `Upscaler` drives. */
export interface Model {
  /** The generative options it obeys; all others are refused by name. */
  readonly accepts: readonly GenerativeOption[];
  /** Runs what all samples of one picture share, such as the encoder. */
  condition(input: ConditionInput): Promise<Conditioned>;
}

/** One low-resolution picture. */
export interface ConditionInput {
  /** `[1, 3, h, w]` in [-1, 1]. */
  lr: Tensor;
  /** How to cut it. */
  tiling: Tiling;
  /** Leaves the work within one tile. */
  signal?: AbortSignal;
  /** Called after each tile with the tiles done and in all. */
  onTile?: (done: number, tiles: number) => void;
}

/** A picture that is ready to be sampled. */
export interface Conditioned {
  /** The posterior mean `[1, 3, h*scale, w*scale]` in [-1, 1], where the entry has one. */
  readonly estimate?: Tensor;
  /** Draws one sample; yields each step's picture, returns the last, `[1, 3, h*scale, w*scale]`. */
  sample(input: SampleInput): AsyncGenerator<SamplerStep, Tensor>;
}

/** All choices for one sample, none left open. */
export interface SampleInput {
  /** Name in the table of samplers. */
  sampler: SamplerName;
  /** Number of steps (NFE of the denoiser). */
  steps: number;
  /** Standard normal noise of one draw, times the temperature, `[1, channels, height, width]`. */
  noise: (draw: number, dims: readonly number[]) => Tensor;
  /** Leaves the loop within one tile of one step. */
  signal?: AbortSignal;
  /** Called after each tile of each step. */
  onTile?: (done: number, tiles: number) => void;
}

/** Opens a family on a card and the sessions of its graphs, by the card's graph names. */
export type Family = (card: ModelCard, sessions: Readonly<Record<string, Session>>) => Model;
