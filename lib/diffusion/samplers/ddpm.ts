/** The ancestral sampler of DDPM. @module */

import { mix } from "../../tensor/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { posteriorOf } from "../posterior.ts";
import type { SamplerInput, SamplerStep } from "./sampler.ts";

/**
 * Draws each state from the posterior given the estimate of x0 (Ho et al. 2020, algorithm 2); over a
 * part of the timesteps it is the respaced posterior (Nichol & Dhariwal 2021, section 4).
 */
export async function* ddpm(input: SamplerInput): AsyncGenerator<SamplerStep, Tensor> {
  const { denoise, schedule: { alphaBar }, timesteps, noise, variance, signal } = input;
  let x = input.start;
  for (const [i, t] of timesteps.entries()) {
    signal?.throwIfAborted();
    const x0 = await denoise(x, t);
    const last = i + 1 === timesteps.length;
    const previous = last ? 1 : alphaBar[timesteps[i + 1]];
    const posterior = posteriorOf(alphaBar[t], previous);
    x = mix(posterior.x0, x0, posterior.x, x);
    if (!last) {
      // The floor is SRDiff's: the logarithm of the variance is taken of no less than 1e-20.
      const added = variance === "beta" ? 1 - alphaBar[t] / previous : posterior.variance;
      const std = Math.sqrt(Math.max(added, 1e-20));
      x = mix(1, x, std, await noise(i + 1), x);
    }
    yield { step: i + 1, steps: timesteps.length, x0, x };
  }
  return x;
}
