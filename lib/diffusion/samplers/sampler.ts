/** The contract of samplers: mathematics only, no session and no image. @module */

import type { NoiseSchedule } from "../schedule.ts";

/** The levels of noise that a chain visits. */
export interface Levels {
  /** Levels of noise. */
  schedule: NoiseSchedule;
  /** Indices of `schedule` to visit, descending. The chain starts at the first, and ends without noise. */
  timesteps: readonly number[];
  /**
   * Variance of the noise that an ancestral step adds: that of the posterior, or beta_t, the upper bound
   * (Ho et al. 2020, section 3.2).
   *
   * @default {"posterior"}
   */
  variance?: "posterior" | "beta";
}

/** The weights of one step: the next state is the sum of each weight times what it is named after. */
export interface Weights {
  /** Of the estimate of x0 at this step. */
  readonly x0: number;
  /** Of the state that the step begins with. */
  readonly x: number;
  /** Of new standard normal noise. @default {0} */
  readonly noise?: number;
  /** Of the estimate of x0 at the step before. @default {0} */
  readonly before?: number;
}

/**
 * A sampler: the weights of each step. A step is a sum whose weights do not depend on the states, so that it can be
 * computed wherever the states are.
 */
export type Sampler = (levels: Levels) => Weights[];

/** alphaBar before and after each step: after the last one it is 1, no noise at all. */
export function transitionsOf(
  { schedule: { alphaBar }, timesteps }: Levels,
): { now: number; next: number; isLast: boolean }[] {
  return timesteps.map((t, i) => {
    const isLast = i + 1 === timesteps.length;
    return { now: alphaBar[t], next: isLast ? 1 : alphaBar[timesteps[i + 1]], isLast };
  });
}
