import { expect } from "expect";
import { allFinite, mix, scaleBy } from "../../lib/tensor/linear.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

/** Lengths that leave every remainder when they are divided by four. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 18];

/** Values of [-2, 2] that no float32 rounds. */
const values = (length: number, from: number) =>
  tensor([length], Float32Array.from({ length }, (_, i) => ((i * 5 + from) % 17 - 8) / 4));

Deno.test("mix() and scaleBy() reach every value, and write where they are told to", () => {
  for (const length of LENGTHS) {
    const x = values(length, 0), y = values(length, 3);
    const sum = x.data.map((value, i) => 2 * value - 0.5 * y.data[i]);
    expect(mix(2, x, -0.5, y).data).toEqual(sum);
    expect(scaleBy(3, x).data).toEqual(x.data.map((value) => 3 * value));
    expect([x, y]).toEqual([values(length, 0), values(length, 3)]);
    for (const into of [x, y]) {
      expect(mix(2, values(length, 0), -0.5, values(length, 3), into)).toBe(into);
      expect(into.data).toEqual(sum);
    }
    const [same, elsewhere] = [values(length, 1), values(length, 2)];
    expect(mix(1, same, 0, x)).toBe(same);
    expect(mix(1, same, 0, x, elsewhere)).toBe(elsewhere);
    expect(elsewhere).toEqual(same);
    expect(scaleBy(-1, x, x)).toBe(x);
    expect(x.data).toEqual(sum.map((value) => -value));
  }
});

Deno.test("mix() clamps every value beyond the limit, and no other", () => {
  for (const length of LENGTHS) {
    const x = values(length, 0);
    const clamped = x.data.map((value) => Math.max(-0.75, Math.min(0.75, value)));
    expect(mix(1, x, 0, x, undefined, 0.75).data).toEqual(clamped);
    expect(mix(1, x, 0, x, x, 2).data).toEqual(values(length, 0).data);
  }
});

Deno.test("allFinite() finds NaN and infinity at every place", () => {
  for (const length of LENGTHS) {
    const data = new Float32Array(length).fill(3e38);
    expect(allFinite({ data })).toBe(true);
    for (const value of [NaN, Infinity, -Infinity]) {
      for (let i = 0; i < length; i++) expect(allFinite({ data: data.with(i, value) })).toBe(false);
    }
  }
});
