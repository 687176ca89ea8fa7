import { expect } from "expect";
import { compare, compareTable, lineOf, passes } from "../../tools/replay/comparison.ts";

const array = (...values: number[]) => ({ dims: [values.length], data: values });

Deno.test("compare() finds the largest difference", () => {
  const found = compare("x", array(1, 2, 3), array(1, 2.5, 2.75), 0.5);
  expect(found).toEqual({ quantity: "x", error: 0.5, limit: 0.5 });
  expect(passes(found)).toBe(true);
  expect(passes({ ...found, limit: 0.4 })).toBe(false);
});

Deno.test("compare() lets no NaN pass, wherever it is", () => {
  for (const values of [[NaN, 0], [0, NaN]]) {
    expect(passes(compare("x", array(0, 0), array(...values), 1e9))).toBe(false);
    expect(passes(compare("x", array(...values), array(0, 0), 1e9))).toBe(false);
  }
});

Deno.test("compare() refuses different sizes", () => {
  expect(() => compare("x", array(1), array(1, 2), 1)).toThrow("recorded are [1], computed [2]");
});

Deno.test("compareTable() measures differences relative to the largest value", () => {
  expect(compareTable("x", array(0, 1000), array(0, 1000.5)).error).toBeCloseTo(5e-4, 9);
});

Deno.test("lineOf() shows the verdict, the quantity, its error and its limit", () => {
  expect(lineOf({ quantity: "step_eps", error: 3.2e-6, limit: 2e-5 })).toMatch(
    /^ok +step_eps +3\.2e-6 +allowed 2e-5$/,
  );
  expect(lineOf({ quantity: "step_eps", error: NaN, limit: 2e-5 })).toMatch(/^FAIL +step_eps +NaN/);
});
