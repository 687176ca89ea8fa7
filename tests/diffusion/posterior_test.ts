import { expect } from "expect";
import { posteriorOf, type Prediction, x0Of } from "../../lib/diffusion/posterior.ts";
import { cosineSchedule } from "../../lib/diffusion/schedule.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { hasShared, readNpz, shared } from "../_npz.ts";

const row = (...values: number[]) => tensor([1, 1, 1, values.length], Float32Array.from(values));

Deno.test("x0Of() finds the same x0 from eps, x0 and v", () => {
  const alphaBar = 0.36, x0 = 0.25, eps = -1.5;
  const x = row(0.6 * x0 + 0.8 * eps);
  const predictions: Record<Prediction, number> = { eps, x0, v: 0.6 * eps - 0.8 * x0 };
  for (const [kind, value] of Object.entries(predictions)) {
    expect(x0Of(kind as Prediction, row(value), x, alphaBar).data[0]).toBeCloseTo(x0, 6);
  }
});

Deno.test("x0Of() clamps to the clip of the entry", () => {
  expect([...x0Of("x0", row(-3, 0.5, 3), row(0, 0, 0), 0.5, 1).data]).toEqual([-1, 0.5, 1]);
});

Deno.test("posteriorOf() equals SRDiff's tables", { ignore: !hasShared }, async () => {
  const golden = await readNpz(new URL("vectors/srdiff_x4/io.npz", shared));
  const { alphaBar } = cosineSchedule(10);
  for (let t = 0; t < 10; t++) {
    const posterior = posteriorOf(alphaBar[t], t > 0 ? alphaBar[t - 1] : 1);
    const table = (name: string) => Number(golden[`buf_posterior_${name}`].data[t]);
    expect(posterior.x0).toBeCloseTo(table("mean_coef1"), 6);
    expect(posterior.x).toBeCloseTo(table("mean_coef2"), 6);
    expect(posterior.variance).toBeCloseTo(table("variance"), 6);
  }
});

Deno.test("posteriorOf() over two timesteps equals two steps of one", () => {
  const { alphaBar } = cosineSchedule(10);
  const [far, near, end] = [alphaBar[7], alphaBar[5], alphaBar[3]];
  const first = posteriorOf(far, near), second = posteriorOf(near, end);
  const both = posteriorOf(far, end);
  expect(second.x0 + second.x * first.x0).toBeCloseTo(both.x0, 12);
  expect(second.x * first.x).toBeCloseTo(both.x, 12);
  expect(second.variance + second.x ** 2 * first.variance).toBeCloseTo(both.variance, 12);
});
