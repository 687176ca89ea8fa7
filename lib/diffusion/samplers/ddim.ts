/** The deterministic sampler DDIM. @module */

import { type Levels, transitionsOf, type Weights } from "./sampler.ts";

/** Moves each state along its estimated noise, drawing none (Song et al. 2021, equation 12, eta = 0). */
export function ddim(levels: Levels): Weights[] {
  return transitionsOf(levels).map(({ now, next }) => {
    const x = Math.sqrt((1 - next) / (1 - now));
    return { x0: Math.sqrt(next) - Math.sqrt(now) * x, x };
  });
}
