/** The estimate of x0 from a prediction, and the Gaussian of the next state given x0. @module */

import { checkNumber } from "../checks.ts";
import { mix } from "../tensor/linear.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Quantity that a network's output estimates: the noise, the clean state, or the velocity. */
export type Prediction = "eps" | "x0" | "v";

/** A Gaussian q(x_s | x_t, x0) whose mean is `x0` * x0 + `x` * x_t. */
export interface Posterior {
  /** Weight of x0 in the mean. */
  readonly x0: number;
  /** Weight of x_t in the mean. */
  readonly x: number;
  /** Variance of every value. */
  readonly variance: number;
}

/**
 * Turns a prediction at x_t into an estimate of x0.
 *
 * - eps: x0 = (x_t - sqrt(1 - alphaBar) eps) / sqrt(alphaBar) (Ho et al. 2020, equation 15).
 * - v: x0 = sqrt(alphaBar) x_t - sqrt(1 - alphaBar) v (Salimans & Ho 2022, section 4).
 *
 * @param kind What `prediction` estimates.
 * @param prediction The network's output, as large as `x`.
 * @param x The state x_t.
 * @param alphaBar Its level, in (0, 1).
 * @param clip x0 is clamped to [-clip, clip]; infinite if the entry does not clip.
 * @param into The tensor to write x0 to, such as a prediction that is no longer needed; a new one if absent.
 */
export function x0Of(
  kind: Prediction,
  prediction: Tensor,
  x: Tensor,
  alphaBar: number,
  clip: number = Infinity,
  into: Tensor = tensor(x.dims),
): Tensor {
  checkNumber("alphaBar", alphaBar, { to: 1 });
  checkNumber("clip", clip, { to: Infinity });
  const [a, b] = x0Weights(kind, alphaBar);
  return mix(a, prediction, b, x, into, clip);
}

/** The weights of a prediction and of the state x_t, whose weighted sum is x0 before `x0Of()` clamps it. */
export function x0Weights(kind: Prediction, alphaBar: number): [prediction: number, x: number] {
  const alpha = Math.sqrt(alphaBar), sigma = Math.sqrt(1 - alphaBar);
  if (kind === "x0") return [1, 0];
  if (kind === "v") return [-sigma, alpha];
  return [-sigma / alpha, 1 / alpha];
}

/**
 * q(x_s | x_t, x0) between two levels of one chain, also if timesteps between them are left out
 * (Ho et al. 2020, equations 6 and 7, with beta = 1 - alphaBar_t / alphaBar_s).
 *
 * @param alphaBar alphaBar_t of the current state, less than 1.
 * @param previous alphaBar_s of the next, less noisy state; 1 is no noise at all.
 */
export function posteriorOf(alphaBar: number, previous: number): Posterior {
  checkNumber("alphaBar", alphaBar, { to: 1 });
  checkNumber("previous", previous, { to: 1 });
  const alpha = alphaBar / previous;
  const beta = 1 - alpha;
  return {
    x0: Math.sqrt(previous) * beta / (1 - alphaBar),
    x: Math.sqrt(alpha) * (1 - previous) / (1 - alphaBar),
    variance: beta * (1 - previous) / (1 - alphaBar),
  };
}
