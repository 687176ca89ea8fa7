/** Noise schedules: arrays made by named functions. @module */

import { checkNumber, checkWhole } from "../checks.ts";

/** Levels of noise of a diffusion with timesteps 0 ... T-1. */
export interface NoiseSchedule {
  /** beta_t, the variance added at step t. */
  readonly betas: Float64Array;
  /** alphaBar_t = prod_{s<=t} (1 - beta_s). */
  readonly alphaBar: Float64Array;
}

/** Most timesteps of a schedule: far more than any network was trained for. */
const MOST = 1_000_000;

/** Refuses what cannot be a number of timesteps, and what cannot be a beta. */
function check(timesteps: number, betas: Readonly<Record<string, number>> = {}): void {
  checkWhole("timesteps", timesteps, { from: 1, to: MOST });
  for (const [name, beta] of Object.entries(betas)) checkNumber(name, beta, { to: 1 });
}

/** The schedule of given betas, each from 0 to 1. */
export function scheduleOf(betas: Float64Array): NoiseSchedule {
  const alphaBar = new Float64Array(betas.length);
  betas.reduce((product, beta, t) => alphaBar[t] = product * (1 - beta), 1);
  return { betas, alphaBar };
}

/**
 * SRDiff's cosine schedule: alphaBar(u) = cos^2((u + s)/(1 + s) pi/2) with u = i/T for i = 0 ... T,
 * both ends included (Nichol & Dhariwal 2021, equation 17, on T+1 points; SRDiff, section 4).
 *
 * SRDiff spreads T+1 points over 0 ... T+1 and divides by T+1, which gives the same u = i/T.
 *
 * @param timesteps T, a whole number from 1.
 * @param s Offset that keeps the first betas from vanishing, 0 to 1.
 */
export function cosineSchedule(timesteps: number, s = 0.008): NoiseSchedule {
  check(timesteps, { s });
  const level = (i: number) => Math.cos(((i / timesteps + s) / (1 + s)) * Math.PI / 2) ** 2;
  const betas = Float64Array.from(
    { length: timesteps },
    (_, i) => Math.min(0.999, Math.max(0, 1 - level(i + 1) / level(i))),
  );
  return scheduleOf(betas);
}

/**
 * betas that grow evenly from `first` to `last` (Ho et al. 2020, section 4).
 *
 * @param timesteps T, a whole number from 1.
 * @param first beta_0, 0 to 1.
 * @param last beta_{T-1}, 0 to 1.
 * @param lastForced Replaces beta_{T-1}; SRDiff forces 0.999, so that the chain ends in noise.
 */
export function linearSchedule(
  timesteps: number,
  first: number,
  last: number,
  lastForced?: number,
): NoiseSchedule {
  check(timesteps, { first, last, ...lastForced === undefined ? {} : { lastForced } });
  const span = Math.max(1, timesteps - 1);
  const betas = Float64Array.from(
    { length: timesteps },
    (_, i) => first + (last - first) * i / span,
  );
  if (lastForced !== undefined) betas[timesteps - 1] = lastForced;
  return scheduleOf(betas);
}

/** `count` timesteps from T-1 down to 0, evenly spaced, both ends included; one step is T-1 alone. */
export function spacedTimesteps(timesteps: number, count: number): number[] {
  check(timesteps);
  checkWhole("count", count, { from: 1, to: timesteps });
  const span = Math.max(1, count - 1);
  return Array.from({ length: count }, (_, i) => Math.round((timesteps - 1) * (span - i) / span));
}

/**
 * betas whose square roots grow evenly, one of the kinds of the public SR3 code.
 *
 * @param timesteps T, a whole number from 1.
 * @param first beta_0, 0 to 1.
 * @param last beta_{T-1}, 0 to 1.
 */
export function quadSchedule(timesteps: number, first: number, last: number): NoiseSchedule {
  check(timesteps, { first, last });
  const { betas } = linearSchedule(timesteps, Math.sqrt(first), Math.sqrt(last));
  return scheduleOf(betas.map((root) => root ** 2));
}

/**
 * betas that grow evenly over the first part of the steps, then stay (the `warmup10` and `warmup50` of
 * the public SR3 code).
 *
 * @param timesteps T, a whole number from 1.
 * @param first beta_0, 0 to 1.
 * @param last The final beta, 0 to 1.
 * @param share The fraction of the steps over which they grow, in (0, 1].
 */
export function warmupSchedule(
  timesteps: number,
  first: number,
  last: number,
  share: number,
): NoiseSchedule {
  check(timesteps, { first, last, share });
  const betas = new Float64Array(timesteps).fill(last);
  const growing = Math.trunc(timesteps * share);
  if (growing > 0) betas.set(linearSchedule(growing, first, last).betas);
  return scheduleOf(betas);
}

/** betas that are all equal. */
export function constSchedule(timesteps: number, beta: number): NoiseSchedule {
  check(timesteps, { beta });
  return scheduleOf(new Float64Array(timesteps).fill(beta));
}

/** betas 1/T, 1/(T-1), ..., 1 (Sohl-Dickstein et al. 2015, section 2.4.1). */
export function jsdSchedule(timesteps: number): NoiseSchedule {
  check(timesteps);
  return scheduleOf(Float64Array.from({ length: timesteps }, (_, t) => 1 / (timesteps - t)));
}
