import { expect } from "expect";
import { x0Of } from "../../lib/diffusion/posterior.ts";
import { samplers } from "../../lib/diffusion/samplers/mod.ts";
import { cosineSchedule, linearSchedule, spacedTimesteps } from "../../lib/diffusion/schedule.ts";
import { walk } from "../../lib/diffusion/walk.ts";
import { tensors } from "../../lib/tensor/arithmetic.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { gaussianToy, lastOf, testSampler } from "../contracts/sampler.ts";
import { asTensor, itemOf } from "../../tools/npz.ts";
import { largestDifference } from "../_difference.ts";
import { hasShared, readNpz, shared } from "../_npz.ts";

// ddpm draws from the posterior of a point x0, which is too narrow with few steps, so it takes all of them.
testSampler("ddpm", samplers.ddpm, 1000, 0.01);
testSampler(
  "ddpm of variance beta",
  (levels) => samplers.ddpm({ ...levels, variance: "beta" }),
  1000,
  0.01,
);
// ddim is first-order: its error falls as 1 / steps. dpmpp2m is second-order.
testSampler("ddim", samplers.ddim, 200, 0.03);
testSampler("dpmpp2m", samplers.dpmpp2m, 40, 0.03);

Deno.test("dpmpp2m() is closer to the exact flow than ddim() with the same number of steps", async () => {
  const exact = await lastOf(samplers.ddim, gaussianToy(1000));
  const errorOf = async (name: keyof typeof samplers) => {
    const { data } = await lastOf(samplers[name], gaussianToy(20));
    return data.reduce((sum, v, i) => sum + (v - exact.data[i]) ** 2, 0);
  };
  expect(await errorOf("dpmpp2m")).toBeLessThan(await errorOf("ddim") / 4);
});

for (const name of ["srdiff_x4", "srdiff_options_x4"]) {
  Deno.test(`ddpm() replays SRDiff's recorded run ${name}`, { ignore: !hasShared }, async () => {
    const folder = new URL(`vectors/${name}/`, shared);
    const golden = await readNpz(new URL("io.npz", folder));
    const { diffusion } = JSON.parse(await Deno.readTextFile(new URL("config.json", folder)));
    const T = diffusion.timesteps;
    const schedule = diffusion.schedule === "cosine"
      ? cosineSchedule(T, diffusion.cosine_s)
      : linearSchedule(
        T,
        diffusion.linear_start,
        diffusion.linear_end,
        diffusion.linear_last_beta_forced_to,
      );
    const part = (key: string, i: number): Tensor => asTensor(itemOf(golden[key], i));
    const states: Tensor[] = [];
    const generator = walk(samplers.ddpm, {
      schedule,
      timesteps: spacedTimesteps(T, T),
      start: part("noise", 0),
      noise: (draw) => part("noise", draw),
      arithmetic: tensors,
      // The recording contains x0, not the predictions.
      denoise: (_, t) => Promise.resolve(part("traj_x0", T - 1 - t)),
    });
    for await (const { x } of generator) states.push(x);
    expect(states.length).toBe(T);
    states.forEach(({ data }, i) => {
      expect(largestDifference(data, part("traj_x", i).data)).toBeLessThan(2e-6);
    });
  });

  Deno.test(
    `x0Of() turns the recorded eps of ${name} into an x0`,
    { ignore: !hasShared },
    async () => {
      const golden = await readNpz(new URL(`vectors/${name}/io.npz`, shared));
      const table = (key: string, t: number) => Number(golden[key].data[t]);
      const x = asTensor(golden.step_x), eps = asTensor(golden.step_eps);
      const half = x.data.length / 2;
      for (const [item, t] of golden.step_t.data.entries()) {
        const x0 = x0Of("eps", eps, x, table("buf_alphas_cumprod", t), 1);
        for (let i = item * half; i < (item + 1) * half; i++) {
          const raw = table("buf_sqrt_recip_alphas_cumprod", t) * x.data[i] -
            table("buf_sqrt_recipm1_alphas_cumprod", t) * eps.data[i];
          expect(x0.data[i]).toBeCloseTo(Math.min(1, Math.max(-1, raw)), 5);
        }
      }
    },
  );
}
