import { expect } from "expect";
import type { SpeedRow } from "../../bench/speed/row.ts";
import { compare, rowsOf, speedOf, summaries } from "../../bench/summary.ts";
import { comparisonTable, setTable, show, table } from "../../bench/tables.ts";
import { record, rows } from "./_record.ts";

Deno.test("rowsOf() leaves out older weights and other files of the set", () => {
  expect(rowsOf(record, "Set5x4", "a").length).toBe(2);
  expect(rowsOf(record, "Set5x4", "b").length).toBe(2);
  expect(rowsOf(record, "Set14x4", "a")).toEqual([]);
});

Deno.test("summaries() give the mean over images and seeds, and the interval over the seeds", () => {
  const [a, b] = summaries(record, "Set5x4");
  expect([a.method, a.images, a.seeds, b.method, b.images, b.seeds]).toEqual([
    "a",
    2,
    2,
    "b",
    2,
    1,
  ]);
  // The set's means are 25 and 28: t(1) = 12.706, standard deviation 3 / sqrt(2).
  expect(a.figures.psnrY.mean).toBe(26.5);
  expect(a.figures.psnrY.half).toBeCloseTo(12.706 * 1.5, 8);
  expect(a.figures.diversity.mean).toBe(0.5);
  expect(b.figures.psnrY).toEqual({ mean: 26.5, half: NaN, n: 1 });
});

Deno.test("compare() pairs the images, each averaged over its seeds", () => {
  const [{ metric, comparison }] = compare(record, "Set5x4", ["a", "b"]);
  expect([metric.key, comparison.mean, comparison.larger, comparison.smaller]).toEqual([
    "psnrY",
    0,
    1,
    1,
  ]);
  expect(compare(record, "Set5x4", ["a", "idle"])).toEqual([]);
});

Deno.test("setTable() and comparisonTable() show the figures that exist", () => {
  const found = setTable(record, "Set5x4");
  const text = table(found.head, found.rows);
  expect(text).toMatch(/│ a +│ 26\.50 ±19\.06 │ +0\.50 │ 12\.35 │ +2 x 2 │/);
  expect(text).toMatch(/│ b +│ +26\.50 │ +│ +│ +2 x 1 │/);
  expect(found.notes).toEqual(["n: images x seeds."]);
  const { rows, notes } = comparisonTable(record, "Set5x4", ["a", "b"]);
  expect(rows.map((row) => row.at(-1))).toEqual(["no difference shown"]);
  expect(notes[0]).toContain("on 2 images");
  expect(comparisonTable(record, "Set5x4", ["a", "idle"]).rows).toEqual([]);
});

Deno.test("setTable() marks unfinished methods, and never marks them as the best", () => {
  const part = { ...record, rows: [...rows("a", [[20], [30]]), ...rows("b", [[90]])] };
  const { rows: lines, best, notes } = setTable(part, "Set5x4");
  expect(lines.map((line) => line.at(-1))).toEqual(["2 x 1", "1 of 2 x 1"]);
  expect(best!.map((line) => line[1])).toEqual([true, false]);
  expect(notes[0]).toContain("cannot be compared");
});

Deno.test("speedOf() leaves out older weights", () => {
  const row = { method: "a", methodDigest: "m" } as SpeedRow;
  const speed = [row, { ...row, methodDigest: "older" }, { ...row, method: "gone" }];
  expect(speedOf({ ...record, speed })).toEqual([row]);
});

Deno.test("show() leaves out unknown values", () => {
  expect(show(undefined, 2)).toBe("");
  expect(show({ mean: NaN, half: 1, n: 0 }, 2)).toBe("");
  expect(show({ mean: 1.234, half: NaN, n: 1 }, 2)).toBe("1.23");
});
