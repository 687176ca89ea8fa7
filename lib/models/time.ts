/** The time of a diffusion as an input of its network. @module */

import type { NoiseSchedule } from "../diffusion/schedule.ts";

/** An input of the graph, and its value at an index of the schedule. */
export interface Time {
  /** Name of the input, a tensor `[1]`. */
  input: string;
  /** Its value at the index `t`. */
  at(t: number, schedule: NoiseSchedule): number;
}

/** The index of the schedule, in the input `t`. */
export const timestep: Time = { input: "t", at: (t) => t };

/** The level sqrt(alphaBar_t), in the input `level` (SR3's sqrt(gamma)). */
export const noiseLevel: Time = {
  input: "level",
  at: (t, { alphaBar }) => Math.sqrt(alphaBar[t]),
};
