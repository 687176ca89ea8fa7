/**
 * The mathematics of diffusion, without networks and images: schedules, posteriors, samplers.
 *
 * ```ts
 * import { cosineSchedule, ddim, spacedTimesteps, tensors, walk } from "jsr:@srzoo/core/diffusion";
 *
 * // A network that always says 0.5: every sampler ends there.
 * const start = { data: new Float32Array([1.3]), dims: [1, 1, 1, 1] };
 * const answer = { data: new Float32Array([0.5]), dims: [1, 1, 1, 1] };
 * const steps = walk(ddim, {
 *   denoise: () => Promise.resolve(answer),
 *   schedule: cosineSchedule(100),
 *   timesteps: spacedTimesteps(100, 4),
 *   start,
 *   noise: () => start,
 *   arithmetic: tensors,
 * });
 * for await (const { step, x } of steps) console.log(`step ${step}: ${x.data[0]}`);
 * ```
 *
 * @module
 */

export { cosineSchedule, linearSchedule, type NoiseSchedule } from "./schedule.ts";
export { constSchedule, jsdSchedule, quadSchedule, warmupSchedule } from "./schedule.ts";
export { scheduleOf, spacedTimesteps } from "./schedule.ts";
export { type Posterior, posteriorOf, type Prediction, x0Of, x0Weights } from "./posterior.ts";
export type { Levels, Sampler, Weights } from "./samplers/sampler.ts";
export { ddim } from "./samplers/ddim.ts";
export { ddpm } from "./samplers/ddpm.ts";
export { dpmpp2m } from "./samplers/dpmpp2m.ts";
export { type SamplerName, samplers } from "./samplers/mod.ts";
export { type Denoise, walk, type WalkInput, type WalkStep } from "./walk.ts";
export { type Arithmetic, type SumOptions, tensors, type Term } from "../tensor/arithmetic.ts";
export { sizeOf, type Tensor, tensor } from "../tensor/tensor.ts";
