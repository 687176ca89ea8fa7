/** Replays SRDiff: the encoder, one call of the denoiser, the whole chain, the images. @module */

import { x0Of } from "../../lib/diffusion/posterior.ts";
import { ddpm } from "../../lib/diffusion/samplers/ddpm.ts";
import type { NoiseSchedule } from "../../lib/diffusion/schedule.ts";
import { walk, type WalkStep } from "../../lib/diffusion/walk.ts";
import { familyOf } from "../../lib/models/mod.ts";
import { scheduleFor } from "../../lib/models/schedule.ts";
import { tensors } from "../../lib/tensor/arithmetic.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { drain } from "../../lib/upscaler.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { type Case, need, type Replay } from "./case.ts";
import { compare, compareStates, compareTable, type Comparison, limits } from "./comparison.ts";
import type { Entry } from "./entry.ts";
import { type Arrays, asTensor, itemOf } from "../npz.ts";

type Steps = NonNullable<ModelCard["steps"]>;

/** Cases recorded from LeiaLi/SRDiff. */
export const srdiff: Replay = {
  name: "SRDiff",
  detect: ({ config }) => config.system === "SRDiff",
  compare: compareCase,
};

async function* compareCase({ arrays, openEntry }: Case): AsyncGenerator<Comparison> {
  await using entry = await openEntry();
  const schedule = scheduleFor(entry.card.diffusion!.schedule);
  yield* compareSchedule(arrays, schedule);
  const { features } = await entry.sessions.encoder.run({ lr: asTensor(need(arrays, "img_lr")) });
  yield compare("cond_concat", need(arrays, "cond_concat"), used(features, arrays), limits.call);
  yield await compareCall(arrays, entry, features);
  const steps = await trajectory(arrays, entry, features);
  yield* compareTrajectory(arrays, steps, entry.card.steps!, schedule);
  yield compare(
    "final_sr",
    need(arrays, "final_sr"),
    await imagesOf(arrays, entry),
    limits.trajectory,
  );
}

/** The tables that the reference keeps and the library computes. */
function* compareSchedule(arrays: Arrays, schedule: NoiseSchedule): Generator<Comparison> {
  const tables = { buf_betas: schedule.betas, buf_alphas_cumprod: schedule.alphaBar };
  for (const [name, data] of Object.entries(tables)) {
    yield compareTable(name, need(arrays, name), { dims: [data.length], data });
  }
}

/** The channels of the encoder's output that the recording has; a base image may follow them. */
function used(features: Tensor, arrays: Arrays): Tensor {
  const { dims } = need(arrays, "cond_concat");
  const [n, channels, height, width] = features.dims;
  const [area, kept] = [height * width, dims[1]];
  const result = tensor([n, kept, height, width]);
  for (let i = 0; i < n; i++) {
    const from = i * channels * area;
    result.data.set(features.data.subarray(from, from + kept * area), i * kept * area);
  }
  return result;
}

/** One call of the denoiser on the recorded features. */
async function compareCall(arrays: Arrays, entry: Entry, features: Tensor): Promise<Comparison> {
  const recorded = tensor(features.dims, features.data.slice());
  const cond = asTensor(need(arrays, "cond_concat"));
  const [n, kept] = cond.dims;
  for (let i = 0; i < n; i++) {
    const part = cond.data.length / n;
    recorded.data.set(
      cond.data.subarray(i * part, (i + 1) * part),
      i * part * features.dims[1] / kept,
    );
  }
  const { prediction } = await entry.sessions.denoiser.run({
    x: asTensor(need(arrays, "step_x")),
    t: asTensor(need(arrays, "step_t")),
    features: recorded,
  });
  return compare("step_eps", need(arrays, "step_eps"), prediction, limits.call);
}

/** The states of the whole batch, by the library's sampler on the recorded noise. */
async function trajectory(arrays: Arrays, entry: Entry, features: Tensor): Promise<WalkStep[]> {
  const { prediction: kind, clip, schedule: described } = entry.card.diffusion!;
  const schedule = scheduleFor(described);
  const noise = need(arrays, "noise");
  const steps = walk(ddpm, {
    schedule,
    timesteps: entry.card.steps!.trained[0].timesteps,
    start: asTensor(itemOf(noise, 0)),
    noise: (draw) => asTensor(itemOf(noise, draw)),
    arithmetic: tensors,
    async denoise(x, t) {
      const time = tensor([x.dims[0]], new Float32Array(x.dims[0]).fill(t));
      const { prediction } = await entry.sessions.denoiser.run({ x, t: time, features });
      return x0Of(kind, prediction, x, schedule.alphaBar[t], clip);
    },
  });
  return await Array.fromAsync(steps);
}

function* compareTrajectory(
  arrays: Arrays,
  steps: WalkStep[],
  { trained: [{ timesteps }] }: Steps,
  { alphaBar }: NoiseSchedule,
): Generator<Comparison> {
  const allowed = (t: number) => limits.call * Math.sqrt(1 / alphaBar[t] - 1);
  const even = (i: number) => allowed(timesteps[i]) <= limits.trajectory;
  yield compareStates("traj_x", need(arrays, "traj_x"), steps.map((step) => step.x));
  const x0 = steps.map((step) => step.x0);
  yield compareStates("traj_x0", need(arrays, "traj_x0"), x0, even);
  // x0 = x / sqrt(alphaBar) - sqrt(1 / alphaBar - 1) eps: near pure noise the rounding of eps alone
  // moves it by more than a trajectory's limit, so there the limit is that of one call, magnified.
  for (const [i, t] of timesteps.entries()) {
    if (even(i)) continue;
    const name = `traj_x0 at t=${t}`;
    yield compareStates(name, need(arrays, "traj_x0"), x0, (at) => at === i, allowed(t));
  }
}

/** The images, each by the library's family as `upscale()` drives it, untiled. */
async function imagesOf(arrays: Arrays, { card, sessions }: Entry): Promise<Tensor> {
  const model = familyOf(card.family)(card, sessions);
  const [lrs, noise] = [need(arrays, "img_lr"), need(arrays, "noise")];
  const result = tensor(need(arrays, "final_sr").dims);
  const size = result.data.length / result.dims[0];
  const { multiple } = card.tiling!;
  const whole = Math.ceil(Math.max(...lrs.dims.slice(2)) / multiple) * multiple;
  for (let i = 0; i < lrs.dims[0]; i++) {
    const lr = asTensor(itemOf(lrs, i), [1, ...lrs.dims.slice(1)]);
    const scene = await model.condition!({ lr, tiling: { size: whole, overlap: 0, multiple } });
    const image = await drain(scene.sample({
      sampler: "ddpm",
      steps: card.steps!.trained[0].steps,
      fidelity: 1,
      noise: (draw, dims) => asTensor(itemOf(itemOf(noise, draw), i), dims),
    }));
    result.data.set(image.data, i * size);
  }
  return result;
}
