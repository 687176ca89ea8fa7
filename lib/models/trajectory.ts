/** The part of a chain that a number of steps visits. @module */

import { spacedTimesteps } from "../diffusion/schedule.ts";
import { ManifestError } from "../errors.ts";
import type { Diffusion, ModelCard } from "../zoo/card.ts";

/** The part of the chain that a number of steps visits. */
export interface Trajectory {
  /** Name of the graph that predicts. */
  graph: string;
  /** Indices of the schedule, descending. */
  timesteps: readonly number[];
  /** Whether the state begins as pure noise, or as the base noised to the first level. */
  start: "noise" | "estimate";
}

/**
 * The part of a card that every diffusion family needs.
 *
 * @throws {ManifestError} If the card does not have it.
 */
export function diffusionOf({ id, family, diffusion }: ModelCard): Diffusion {
  if (diffusion) return diffusion;
  throw new ManifestError(`${id}#diffusion`, `the family "${family}" needs it`);
}

/**
 * Which graph, timesteps and start a number of steps takes: those of the card if it was trained for them,
 * otherwise the graph `denoiser` from pure noise over evenly spaced timesteps.
 */
export function trajectoryOf(card: ModelCard, steps: number): Trajectory {
  const trained = card.steps?.trained.find((entry) => entry.steps === steps);
  if (trained) return trained;
  const { schedule, samplingSchedule = schedule } = diffusionOf(card);
  const timesteps = spacedTimesteps(samplingSchedule.timesteps, steps);
  return { graph: "denoiser", timesteps, start: "noise" };
}
