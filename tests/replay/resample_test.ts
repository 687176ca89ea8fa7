import { expect } from "expect";
import {
  byteHalfEven,
  type Filter,
  matlabBicubic,
  matlabBilinear,
  pillow,
  resample,
  torchBicubic,
} from "../../tools/replay/resample.ts";

const filters: Record<string, Filter> = { matlabBicubic, matlabBilinear, pillow, torchBicubic };

for (const [name, filter] of Object.entries(filters)) {
  Deno.test(`resample() with ${name} keeps an image of one colour, and any image at its own size`, () => {
    const even = { dims: [5, 4, 1], data: new Float64Array(20).fill(77) };
    for (const size of [[10, 12], [2, 3]] as const) {
      for (const value of resample(even, size, filter).data) expect(value).toBeCloseTo(77, 9);
    }
    const ramp = { dims: [5, 4, 1], data: Float64Array.from({ length: 20 }, (_, i) => i * 10) };
    expect([...resample(ramp, [5, 4], filter).data]).toEqual([...ramp.data]);
  });
}

Deno.test("byteHalfEven() rounds halves to even and clamps", () => {
  expect([0.5, 1.5, 2.5, 2.51, -3, 300].map(byteHalfEven)).toEqual([0, 2, 2, 3, 0, 255]);
});
