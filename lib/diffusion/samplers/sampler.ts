/** The contract of samplers: mathematics only, no session and no image. @module */

import type { Tensor } from "../../tensor/tensor.ts";
import type { NoiseSchedule } from "../schedule.ts";

/** Estimates x0 from `x` at timestep `t` (an index of the schedule): the whole image, tiles joined. */
export type Denoise = (x: Tensor, t: number) => Promise<Tensor>;

/** What a sampler needs; it keeps no state of its own between calls. */
export interface SamplerInput {
  /** The network, already turned into an estimate of x0. */
  denoise: Denoise;
  /** Levels of noise. */
  schedule: NoiseSchedule;
  /** Indices of `schedule` to visit, descending. The state starts at the first. */
  timesteps: readonly number[];
  /** The state at `timesteps[0]`. */
  start: Tensor;
  /** Standard normal noise times the temperature; draw 0 made `start`, steps use 1, 2, ... */
  noise: (draw: number) => Tensor | Promise<Tensor>;
  /**
   * Variance of the noise that an ancestral step adds: that of the posterior, or beta_t, the upper bound
   * (Ho et al. 2020, section 3.2).
   *
   * @default {"posterior"}
   */
  variance?: "posterior" | "beta";
  /** Aborts the loop, which throws the signal's reason. */
  signal?: AbortSignal;
}

/** What a sampler yields after each step. */
export interface SamplerStep {
  /** Steps done, from 1. */
  step: number;
  /** Steps in all. */
  steps: number;
  /** The estimate of x0 at this step. */
  x0: Tensor;
  /** The state after this step. */
  x: Tensor;
}

/** Walks from `start` to x0; returns the last state. */
export type Sampler = (input: SamplerInput) => AsyncGenerator<SamplerStep, Tensor>;
