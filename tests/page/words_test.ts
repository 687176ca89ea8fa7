import { expect } from "expect";
import {
  costText,
  doneText,
  inTime,
  inUnits,
  progressText,
  providerText,
} from "../../cli/page/src/words.ts";

Deno.test("inTime() and inUnits() choose units that people read", () => {
  expect([0.02, 1, 9.96, 89, 100, 9180].map(inTime)).toEqual(
    ["less than a second", "1.0\u202fs", "10\u202fs", "89\u202fs", "2\u202fmin", "3\u202fh"],
  );
  expect([335.2e6, 3.41e9].map(inUnits)).toEqual(["336\u202fMB", "3.4\u202fGB"]);
});

Deno.test("costText() shows size, time and memory, and reasons against the run", () => {
  const cost = {
    width: 600,
    height: 400,
    runs: 1,
    memory: 2e8,
    warnings: ["steps may look worse"],
  };
  const size = { width: 150, height: 100 };
  expect(costText(cost, { size, seconds: 5.4, isArea: false, fits: true })).toBe(
    "150 × 100 becomes 600 × 400\nabout 5.4\u202fs · 200\u202fMB of memory · steps may look worse",
  );
  expect(costText({ ...cost, warnings: [] }, { size, isArea: true, fits: false })).toBe(
    "The area of 150 × 100 becomes 600 × 400\nthe first run tells the time · 200\u202fMB of memory · " +
      "the whole is too large for a browser: try an area, or use the command line",
  );
});

Deno.test("progressText() shows sample, step, tile, and the time that is left", () => {
  const progress = { phase: "sample", sample: 1, step: 2, steps: 4, tile: 3, tiles: 6 } as const;
  expect(progressText({ ...progress, fraction: 0.25 }, 2, 10)).toBe(
    "Drawing: sample 2 of 2, step 3 of 4, tile 3 of 6 · 30\u202fs left",
  );
  expect(progressText({ ...progress, phase: "condition", fraction: 0.01 }, 1, 1)).toBe(
    "Analysing the photograph: tile 3 of 6",
  );
});

Deno.test("doneText() shows what the run chose, and its warnings", () => {
  const made = { images: [], seconds: 2, warnings: ["it is small"] };
  expect(doneText({ ...made, seed: 7, restore: 0.347 })).toBe(
    "Done in 2.0\u202fs · seed 7 · damage removed: 35 % · it is small",
  );
  expect(doneText({ ...made, restore: 0 })).toContain(" · damage removed: 0 % · ");
  expect(doneText(made)).toBe("Done in 2.0\u202fs · it is small");
});

Deno.test("providerText() says why a run is not faster", () => {
  const tried = [
    { provider: "webgpu", reason: "no GPU adapter was found" },
    { provider: "native", reason: "a browser cannot run native code" },
  ];
  const entry = { id: "srdiff", name: "SRDiff", scale: 4, generative: true, licence: "CC-BY-4.0" };
  const text = providerText({ ...entry, provider: "wasm", tried }, false);
  expect(text).toMatch(
    /^srdiff runs on wasm\. Not on webgpu: no GPU adapter was found\. Only on one core/,
  );
  expect(text).not.toContain("native");
});
