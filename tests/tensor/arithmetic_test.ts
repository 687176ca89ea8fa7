import { expect } from "expect";
import { sumOf } from "../../lib/tensor/arithmetic.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

const row = (...values: number[]) => tensor([values.length], Float32Array.from(values));

Deno.test("sumOf() adds weighted tensors, and does not change them", () => {
  const [x, y, z] = [row(1, 2), row(3, 4), row(5, 6)];
  expect([...sumOf([[2, x]]).data]).toEqual([2, 4]);
  expect([...sumOf([[2, x], [-1, y]]).data]).toEqual([-1, 0]);
  expect([...sumOf([[2, x], [-1, y], [0.5, z], [1, x]]).data]).toEqual([2.5, 5]);
  expect([...sumOf([[1, x], [0, y], [1, z]]).data]).toEqual([6, 8]);
  expect([x, y, z]).toEqual([row(1, 2), row(3, 4), row(5, 6)]);
});

Deno.test("sumOf() clamps the sum, but not the tensor itself", () => {
  const x = row(-3, 0.5, 3);
  expect([...sumOf([[1, x]], { limit: 1 }).data]).toEqual([-1, 0.5, 1]);
  expect([...x.data]).toEqual([-3, 0.5, 3]);
  expect(sumOf([[1, x]])).toBe(x);
});

Deno.test("sumOf() reuses the memory of a spent tensor", () => {
  for (const weight of [1, 2]) {
    const [x, y] = [row(1, 2), row(3, 4)];
    expect(sumOf([[weight, x], [-1, y]], { spent: y })).toBe(y);
    expect(sumOf([[weight, x]], { spent: x, limit: 1 })).toBe(x);
    expect([...x.data]).toEqual([1, 1]);
  }
});
