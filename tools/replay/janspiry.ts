/** Replays Janspiry's SR3 and DDPM, conditional and unconditional. @module */

import { posteriorOf } from "../../lib/diffusion/posterior.ts";
import type { NoiseSchedule } from "../../lib/diffusion/schedule.ts";
import { type Case, need, type Replay } from "./case.ts";
import { compare, compareStates, compareTable, type Comparison, limits } from "./comparison.ts";
import type { Entry } from "./entry.ts";
import { call, chain, compareImage, enlargedBy } from "./image_diffusion.ts";
import { samplingScheduleOf, scaleIn, timeOf } from "./image_diffusion.ts";
import { type Arrays, channelsOf, itemOf } from "../npz.ts";

/** Cases recorded from Janspiry/Image-Super-Resolution-via-Iterative-Refinement. */
export const janspiry: Replay = {
  name: "SR3 / DDPM (Janspiry)",
  detect: ({ config }) => config.system === "SR3 / DDPM (Janspiry)",
  compare: compareCase,
};

async function* compareCase({ arrays, openEntry }: Case): AsyncGenerator<Comparison> {
  const { condition, lr_uint8: lr } = arrays;
  await using entry = await openEntry({ scale: scaleIn(arrays, condition) });
  yield* compareSchedule(arrays, samplingScheduleOf(entry));
  yield* compareTimes(arrays, entry);
  if (condition && lr) {
    const enlarged = { ...enlargedBy(entry, lr), dims: condition.dims.slice(1) };
    yield compare("condition", itemOf(condition, 0), enlarged, 2 * limits.array);
  }
  yield await compareCall(arrays, entry);
  const noise = need(arrays, "noise");
  const recording = { condition, noise: (draw: number) => itemOf(noise, draw) };
  const { states, last } = await chain(entry, recording);
  yield compareStates("traj_x", need(arrays, "traj_x"), [...states.slice(1), last]);
  yield compare("final", need(arrays, "final"), last, limits.trajectory);
  if (condition && lr) yield await compareImage(arrays, entry, { recording, name: "final" });
}

/** The tables that the reference keeps and the library computes. */
function* compareSchedule(
  arrays: Arrays,
  { betas, alphaBar }: NoiseSchedule,
): Generator<Comparison> {
  const previous = alphaBar.map((_, t) => t === 0 ? 1 : alphaBar[t - 1]);
  const posterior = [...alphaBar].map((level, t) => posteriorOf(level, previous[t]));
  const tables: Record<string, ArrayLike<number>> = {
    betas,
    alphas_cumprod: alphaBar,
    alphas_cumprod_prev: previous,
    sqrt_alphas_cumprod: alphaBar.map(Math.sqrt),
    sqrt_one_minus_alphas_cumprod: alphaBar.map((level) => Math.sqrt(1 - level)),
    log_one_minus_alphas_cumprod: alphaBar.map((level) => Math.log(1 - level)),
    sqrt_recip_alphas_cumprod: alphaBar.map((level) => Math.sqrt(1 / level)),
    sqrt_recipm1_alphas_cumprod: alphaBar.map((level) => Math.sqrt(1 / level - 1)),
    posterior_variance: posterior.map(({ variance }) => variance),
    posterior_log_variance_clipped: posterior.map(({ variance }) =>
      Math.log(Math.max(variance, 1e-20))
    ),
    posterior_mean_coef1: posterior.map(({ x0 }) => x0),
    posterior_mean_coef2: posterior.map(({ x }) => x),
  };
  for (const [name, data] of Object.entries(tables)) {
    const recorded = arrays[`buf_${name}`];
    if (recorded) yield compareTable(`buf_${name}`, recorded, { dims: [data.length], data });
  }
}

/** The time value that the network is given at every timestep. */
function* compareTimes(arrays: Arrays, entry: Entry): Generator<Comparison> {
  const recorded = arrays.time_value_fed_at_t;
  if (!recorded) return;
  const schedule = samplingScheduleOf(entry);
  const data = [...schedule.alphaBar].map((_, t) => timeOf(entry).at(t, schedule));
  yield compareTable("time_value_fed_at_t", recorded, { dims: recorded.dims, data });
}

/** One call on the recorded input, whose first channels are the condition. */
async function compareCall(arrays: Arrays, entry: Entry): Promise<Comparison> {
  const input = need(arrays, "step_input");
  const told = { time: need(arrays, "step_time") };
  const prediction = await call(
    entry,
    input.dims[1] === 3
      ? { x: input, ...told }
      : { condition: channelsOf(input, 0, 3), x: channelsOf(input, 3, 6), ...told },
  );
  return compare("step_eps", need(arrays, "step_eps"), prediction, limits.call);
}
