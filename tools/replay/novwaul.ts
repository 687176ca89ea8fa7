/** Replays novwaul's SR3. @module */

import type { NoiseSchedule } from "../../lib/diffusion/schedule.ts";
import { scheduleFor } from "../../lib/models/schedule.ts";
import { mix } from "../../lib/tensor/linear.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { type Case, need, type Replay } from "./case.ts";
import {
  compare,
  compareStates,
  compareTable,
  type Comparison,
  limits,
  toUnsigned,
} from "./comparison.ts";
import type { Entry } from "./entry.ts";
import { call, chain, compareImage, enlargedBy } from "./image_diffusion.ts";
import { samplingScheduleOf, scaleIn, timeOf } from "./image_diffusion.ts";
import { type Arrays, channelsOf, itemOf, type NumberArray } from "../npz.ts";

/** Cases recorded from novwaul/SR3. */
export const novwaul: Replay = {
  name: "SR3 (novwaul)",
  detect: ({ config }) => config.system === "SR3 (novwaul)",
  compare: compareCase,
};

async function* compareCase({ config, arrays, openEntry }: Case): AsyncGenerator<Comparison> {
  const { lr_uint8: lr } = arrays;
  const enlarged = need(arrays, "upsampled_clipped01");
  const scale = scaleIn(arrays, enlarged) ?? Number(config.scale ?? 4);
  await using entry = await openEntry({ scale });
  yield* compareSchedules(arrays, entry);
  if (lr) {
    const made = { ...toUnsigned(enlargedBy(entry, lr)), dims: enlarged.dims.slice(1) };
    yield compare("upsampled_clipped01", itemOf(enlarged, 0), made, 2 * limits.array);
  }
  yield await compareCall(arrays, entry);
  const [start, noise] = [need(arrays, "x_T"), need(arrays, "noise")];
  const recording = {
    condition: { ...enlarged, data: enlarged.data.map((value) => value * 2 - 1) },
    noise: (draw: number) => draw === 0 ? start : itemOf(noise, draw - 1),
  };
  const { states, last } = await chain(entry, recording);
  const before = need(arrays, "traj_x_before_step");
  yield compareStates("traj_x_before_step", before, states);
  const end = arrays.x0_before_clip;
  if (end) yield compare("x0_before_clip", end, last, limits.trajectory);
  yield compare("final01", need(arrays, "final01"), toUnsigned(clamped(last)), limits.trajectory);
  const ranged = (image: Tensor) => toUnsigned(clamped(image));
  if (lr) yield await compareImage(arrays, entry, { recording, name: "final01", ranged });
}

/** The tables of training and of sampling. */
function* compareSchedules(arrays: Arrays, entry: Entry): Generator<Comparison> {
  const { betas, alphaBar } = samplingScheduleOf(entry);
  const tables: Record<string, ArrayLike<number>> = {
    alphas_bar: scheduleFor(entry.card.diffusion!.schedule).alphaBar,
    sample_alphas_bar: alphaBar,
    sample_one_over_sqrt_alphas: betas.map((beta) => 1 / Math.sqrt(1 - beta)),
    sample_betas_over_sqrt_one_minus_alphas_bar: betas.map((beta, t) =>
      beta / Math.sqrt(1 - alphaBar[t])
    ),
    sample_sigmas: betas.map(Math.sqrt),
  };
  for (const [name, data] of Object.entries(tables)) {
    const recorded = arrays[`buf_${name}`];
    if (recorded) {
      yield rounded(compareTable(`buf_${name}`, recorded, { dims: [data.length], data }));
    }
  }
  const told = arrays.sqrt_gamma_fed;
  if (told) yield rounded(compareTable("sqrt_gamma_fed", told, fed(told, entry)));

  /** Widens the limit, since the reference multiplies in single precision and rounds each product. */
  function rounded(comparison: Comparison): Comparison {
    const timesteps = Math.max(betas.length, tables.alphas_bar.length);
    return { ...comparison, limit: Math.max(comparison.limit, timesteps * 2 ** -24) };
  }
}

/** The time value that the network is given for every item, from the noisiest step down. */
function fed({ dims }: NumberArray, entry: Entry): { dims: readonly number[]; data: number[] } {
  const schedule: NoiseSchedule = samplingScheduleOf(entry);
  const times = [...schedule.alphaBar].map((_, t) => timeOf(entry).at(t, schedule)).reverse();
  const items = dims.slice(1).reduce((product, dim) => product * dim, 1);
  return { dims, data: times.flatMap((time) => new Array<number>(items).fill(time)) };
}

/** One call on the recorded input, whose first channels are x. */
async function compareCall(arrays: Arrays, entry: Entry): Promise<Comparison> {
  const input = need(arrays, "step_input");
  const prediction = await call(entry, {
    x: channelsOf(input, 0, 3),
    time: need(arrays, "step_sqrt_gamma"),
    condition: channelsOf(input, 3, 6),
  });
  return compare("step_eps", need(arrays, "step_eps"), prediction, limits.call);
}

/** Clamps values to [-1, 1]. */
function clamped(image: Tensor): Tensor {
  return mix(1, image, 0, image, undefined, 1);
}
