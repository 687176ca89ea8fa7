/** The deterministic sampler DDIM. @module */

import { mix } from "../../tensor/linear.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { SamplerInput, SamplerStep } from "./sampler.ts";

/** Moves each state along its estimated noise, drawing none (Song et al. 2021, equation 12, eta = 0). */
export async function* ddim(input: SamplerInput): AsyncGenerator<SamplerStep, Tensor> {
  const { denoise, schedule: { alphaBar }, timesteps, signal } = input;
  let x = input.start;
  for (const [i, t] of timesteps.entries()) {
    signal?.throwIfAborted();
    const x0 = await denoise(x, t);
    const next = i + 1 < timesteps.length ? alphaBar[timesteps[i + 1]] : 1;
    const keep = Math.sqrt((1 - next) / (1 - alphaBar[t]));
    const pull = Math.sqrt(next) - Math.sqrt(alphaBar[t]) * keep;
    x = mix(pull, x0, keep, x);
    yield { step: i + 1, steps: timesteps.length, x0, x };
  }
  return x;
}
