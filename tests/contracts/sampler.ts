/** Tests that every sampler must pass. @module */

import { expect } from "expect";
import type { Sampler } from "../../lib/diffusion/samplers/sampler.ts";
import { cosineSchedule, spacedTimesteps } from "../../lib/diffusion/schedule.ts";
import { walk, type WalkInput } from "../../lib/diffusion/walk.ts";
import { tensors } from "../../lib/tensor/arithmetic.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { drain } from "../../lib/upscaler.ts";

const SIDE = 100;
const dims = [1, 1, SIDE, SIDE];
/** The toy's data are independent pixels of this mean and variance. */
const MEAN = 0.3;
const VARIANCE = 0.25;

/** Denoises with the exact posterior mean of a Gaussian, as a perfect network would (Bishop 2006, 2.113). */
export function gaussianToy(steps: number): WalkInput<Tensor> {
  const schedule = cosineSchedule(1000);
  const field = (draw: number) => noise({ seed: 11, sample: 0, draw }, dims);
  return {
    schedule,
    timesteps: spacedTimesteps(1000, steps),
    start: field(0),
    noise: field,
    arithmetic: tensors,
    denoise: (x, t) => {
      const alphaBar = schedule.alphaBar[t];
      const gain = Math.sqrt(alphaBar) * VARIANCE / (alphaBar * VARIANCE + 1 - alphaBar);
      const x0 = x.data.map((v) => MEAN + gain * (v - Math.sqrt(alphaBar) * MEAN));
      return Promise.resolve(tensor(x.dims, x0));
    },
  };
}

/** Runs a sampler to its last state. */
export async function lastOf(sampler: Sampler, input: WalkInput<Tensor>): Promise<Tensor> {
  return await drain(walk(sampler, input));
}

/**
 * Tests one sampler.
 *
 * @param steps Steps at which its discretisation error is below `error`.
 * @param error Largest relative error of mean and variance, on top of the sampling error.
 */
export function testSampler(name: string, sampler: Sampler, steps: number, error: number): void {
  Deno.test(`${name}() recovers the mean and the variance of a Gaussian`, async () => {
    const { data } = await lastOf(sampler, gaussianToy(steps));
    const n = data.length;
    const mean = data.reduce((sum, v) => sum + v, 0) / n;
    const variance = data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
    // Four standard errors of the mean and of the variance of n Gaussians.
    expect(Math.abs(mean - MEAN)).toBeLessThan(4 * Math.sqrt(VARIANCE / n) + error * MEAN);
    expect(Math.abs(variance / VARIANCE - 1)).toBeLessThan(4 * Math.sqrt(2 / n) + error);
  });

  Deno.test(`${name}() yields every step and returns the last state`, async () => {
    const generator = walk(sampler, gaussianToy(5));
    const seen = [];
    let next = await generator.next();
    for (; !next.done; next = await generator.next()) seen.push(next.value);
    expect(seen.map(({ step, steps }) => [step, steps])).toEqual(
      [1, 2, 3, 4, 5].map((i) => [i, 5]),
    );
    expect(next.value).toBe(seen[4].x);
    // No noise is left: the last state is the last estimate.
    seen[4].x0.data.forEach((v, i) => expect(next.value!.data[i]).toBeCloseTo(v, 6));
  });

  Deno.test(`${name}() works with one step`, async () => {
    const input = gaussianToy(1);
    const x0 = await input.denoise(input.start, 999);
    const { data } = await lastOf(sampler, input);
    data.forEach((v, i) => expect(v).toBeCloseTo(x0.data[i], 6));
  });

  Deno.test(`${name}() does not change its inputs, and gives the same result again`, async () => {
    const input = gaussianToy(4);
    const start = input.start.data.slice();
    const first = await lastOf(sampler, input);
    expect(input.start.data).toEqual(start);
    expect((await lastOf(sampler, input)).data).toEqual(first.data);
  });

  Deno.test(`${name}() rejects with the signal's reason`, async () => {
    const controller = new AbortController();
    const input = gaussianToy(10);
    let calls = 0;
    const denoise: typeof input.denoise = (x, t) => {
      if (++calls === 3) controller.abort(new Error("enough"));
      return input.denoise(x, t);
    };
    const run = lastOf(sampler, { ...input, denoise, signal: controller.signal });
    await expect(run).rejects.toThrow("enough");
    expect(calls).toBe(3);
  });
}
