/** The ancestral sampler of DDPM. @module */

import { posteriorOf } from "../posterior.ts";
import { type Levels, transitionsOf, type Weights } from "./sampler.ts";

/**
 * Draws each state from the posterior given the estimate of x0 (Ho et al. 2020, algorithm 2); over a
 * part of the timesteps it is the respaced posterior (Nichol & Dhariwal 2021, section 4).
 */
export function ddpm(levels: Levels): Weights[] {
  return transitionsOf(levels).map(({ now, next, isLast }) => {
    const { x0, x, variance } = posteriorOf(now, next);
    if (isLast) return { x0, x };
    // The floor is SRDiff's: the logarithm of the variance is taken of no less than 1e-20.
    const added = Math.max(levels.variance === "beta" ? 1 - now / next : variance, 1e-20);
    return { x0, x, noise: Math.sqrt(added) };
  });
}
