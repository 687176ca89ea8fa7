import { expect } from "expect";
import { markdownOf } from "../../bench/document.ts";
import { thisMachine } from "../../bench/machine.ts";
import type { BenchRecord } from "../../bench/record.ts";
import { record, rows } from "./_record.ts";

const whole: BenchRecord = {
  ...record,
  commands: ["deno task bench --set Set5"],
  machine: await thisMachine(),
  methods: record.methods.map((method) => ({ ...method, facts: { kind: "baseline" } })),
  sets: [{ ...record.sets[0], images: 2 }],
  rows: [...rows("a", [[20], [31], [42]]), ...rows("b", [[10], [20], [30]])],
  vs: [["a", "b"], ["a", "idle"]],
  speed: [],
  failures: [{ method: "a", reason: "it did" }],
};

Deno.test("markdownOf() makes tables whose rows have as many cells as their heads", () => {
  const tables = markdownOf(whole).split("\n\n").filter((part) => part.startsWith("|"));
  expect(tables.length).toBe(3); // methods, the set, the comparison
  for (const table of tables) {
    const cells = table.split("\n").map((line) => line.split("|").length);
    expect(new Set(cells).size).toBe(1);
  }
});

Deno.test("markdownOf() shows the best figures, the differences, missing comparisons and failures", () => {
  const text = markdownOf(whole);
  expect(text).toContain("deno task bench --set Set5");
  expect(text).toContain("| a | **31.00** |");
  // Differences 10, 11, 12: t(2) = 4.303, standard deviation 1.
  expect(text).toContain("| PSNR-Y dB | **+11.00 ±2.48**, 3 : 0 |");
  expect(text).toContain("**a - idle**: no image was measured by both.");
  expect(text).toContain("Failed: a: it did");
  expect(text).not.toContain("Speed and memory");
});

Deno.test("markdownOf() does not print a difference in bold if it may be zero", () => {
  const even = { ...whole, rows: [...rows("a", [[20], [30]]), ...rows("b", [[19], [33]])] };
  expect(markdownOf(even)).toContain("| PSNR-Y dB | -1.00 ±25.41, 1 : 1 |");
});
