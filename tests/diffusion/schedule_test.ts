import { expect } from "expect";
import {
  cosineSchedule,
  linearSchedule,
  scheduleOf,
  spacedTimesteps,
} from "../../lib/diffusion/schedule.ts";
import { hasShared, readNpz, shared } from "../_npz.ts";

const SCHEDULES = {
  srdiff_cosine_T12: () => cosineSchedule(12),
  srdiff_cosine_T100: () => cosineSchedule(100),
  srdiff_linear_T100_last0999: () => linearSchedule(100, 1e-4, 0.02, 0.999),
  janspiry_linear_T12: () => linearSchedule(12, 1e-4, 0.2),
  sr3_linear_T2000: () => linearSchedule(2000, 1e-6, 1e-2),
  ddpm_linear_T2000: () => linearSchedule(2000, 1e-4, 2e-2),
};

for (const [name, schedule] of Object.entries(SCHEDULES)) {
  Deno.test(`the schedule ${name} is the reference's`, { ignore: !hasShared }, async () => {
    const golden = (await readNpz(new URL("vectors/schedules/io.npz", shared)))[name];
    const { betas } = schedule();
    expect([betas.length]).toEqual(golden.dims);
    betas.forEach((beta, t) => expect(Math.abs(beta - Number(golden.data[t]))).toBeLessThan(1e-13));
  });
}

Deno.test("scheduleOf() multiplies 1 - beta up", () => {
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
