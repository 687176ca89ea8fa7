import { expect } from "expect";
import {
  constSchedule,
  cosineSchedule,
  jsdSchedule,
  linearSchedule,
  quadSchedule,
  scheduleOf,
  spacedTimesteps,
  warmupSchedule,
} from "../../lib/diffusion/schedule.ts";
import { hasShared, readNpz, shared } from "../_npz.ts";

const SCHEDULES = {
  srdiff_cosine_T12: () => cosineSchedule(12),
  srdiff_cosine_T100: () => cosineSchedule(100),
  srdiff_linear_T100_last0999: () => linearSchedule(100, 1e-4, 0.02, 0.999),
  janspiry_linear_T12: () => linearSchedule(12, 1e-4, 0.2),
  janspiry_quad_T12: () => quadSchedule(12, 1e-4, 0.2),
  janspiry_warmup10_T12: () => warmupSchedule(12, 1e-4, 0.2, 0.1),
  janspiry_warmup50_T12: () => warmupSchedule(12, 1e-4, 0.2, 0.5),
  janspiry_const_T12: () => constSchedule(12, 0.2),
  janspiry_jsd_T12: () => jsdSchedule(12),
  janspiry_cosine_T12: () => cosineSchedule(12),
  sr3_linear_T2000: () => linearSchedule(2000, 1e-6, 1e-2),
  ddpm_linear_T2000: () => linearSchedule(2000, 1e-4, 2e-2),
  novwaul_train_betas_T2000: () => linearSchedule(2000, 1e-4, 0.005),
  novwaul_sample_betas_T100: () => linearSchedule(100, 1e-4, 0.1),
};

for (const [name, schedule] of Object.entries(SCHEDULES)) {
  Deno.test(`the schedule ${name} equals the reference`, { ignore: !hasShared }, async () => {
    const golden = (await readNpz(new URL("vectors/schedules/io.npz", shared)))[name];
    const { betas } = schedule();
    expect([betas.length]).toEqual(golden.dims);
    // novwaul's tables are float32.
    const limit = name.startsWith("novwaul") ? 1e-8 : 1e-13;
    betas.forEach((beta, t) => expect(Math.abs(beta - Number(golden.data[t]))).toBeLessThan(limit));
  });
}

Deno.test("linearSchedule() gives novwaul's SR3 levels", { ignore: !hasShared }, async () => {
  const golden = await readNpz(new URL("vectors/schedules/io.npz", shared));
  const wanted = golden.novwaul_sample_alphas_bar_T100.data;
  const { alphaBar } = linearSchedule(100, 1e-4, 0.1);
  alphaBar.forEach((level, t) => expect(Math.abs(level - Number(wanted[t]))).toBeLessThan(1e-6));
});

Deno.test("scheduleOf() multiplies the values of 1 - beta into alphaBar", () => {
  const { alphaBar } = scheduleOf(Float64Array.of(0.1, 0.2, 0.5));
  expect([...alphaBar]).toEqual([0.9, 0.9 * 0.8, 0.9 * 0.8 * 0.5]);
});

Deno.test("spacedTimesteps() goes down from T-1 to 0", () => {
  expect(spacedTimesteps(100, 1)).toEqual([99]);
  expect(spacedTimesteps(100, 2)).toEqual([99, 0]);
  expect(spacedTimesteps(100, 4)).toEqual([99, 66, 33, 0]);
  expect(spacedTimesteps(100, 100)).toEqual(Array.from({ length: 100 }, (_, i) => 99 - i));
  for (let count = 2; count <= 100; count++) {
    expect(new Set(spacedTimesteps(100, count)).size).toBe(count);
  }
});
