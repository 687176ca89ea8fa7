import { expect } from "expect";
import { families } from "../lib/models/mod.ts";
import { type Plan, planUpscale, type UpscaleOptions } from "../lib/plan.ts";
import type { Session } from "../lib/runtime/session.ts";
import type { ModelCard } from "../lib/zoo/card.ts";
import { readTiny } from "./contracts/family.ts";

const size = { width: 300, height: 200 };

/** Plans with the card of a tiny entry; no graph is opened, since none is run. */
async function plan(id: string, options: UpscaleOptions = {}, source = size): Promise<Plan> {
  const { card } = await readTiny(id);
  const sessions = Object.fromEntries(
    Object.keys(card.graphs).map((name) => [name, {} as Session]),
  );
  return planUpscale(card, families[card.family](card, sessions), source, options);
}

const bicubic = { id: "bicubic", family: "bicubic", scale: 3, graphs: {} } as unknown as ModelCard;

Deno.test("planUpscale() takes the defaults of the card", async () => {
  const made = await plan("srdiff-tiny");
  expect(made).toMatchObject({
    width: 1200,
    height: 800,
    samples: 1,
    sampler: "ddim",
    steps: 4,
    graph: "fast",
    temperature: 1,
    fidelity: 1,
    // Twice the pixels of the card's tile, so that less is seen twice.
    tiling: { size: 46, overlap: 4, multiple: 2 },
    consistency: false,
    warnings: [],
  });
  expect(made.seed).not.toBe((await plan("srdiff-tiny")).seed);
});

Deno.test("planUpscale() plans an entry without a network", () => {
  const made = planUpscale(bicubic, families.bicubic(bicubic, {}), size);
  expect(made).toMatchObject({ width: 900, height: 600, runs: 0, generative: false, samples: 1 });
  const refused = () => planUpscale(bicubic, families.bicubic(bicubic, {}), size, { tile: 64 });
  expect(refused).toThrow(TypeError);
});

Deno.test("planUpscale() refuses options that a family does not have, and names them", async () => {
  const options: UpscaleOptions[] = [
    { seed: 1 },
    { samples: 2 },
    { sampler: "ddim" },
    { steps: 4 },
    { temperature: 1 },
    { fidelity: 1 },
  ];
  for (const option of options) {
    const [name] = Object.keys(option);
    await expect(plan("regression-tiny", option)).rejects.toThrow(TypeError);
    await expect(plan("regression-tiny", option)).rejects.toThrow(`"${name}"`);
    await expect(plan("srdiff-tiny", option)).resolves.toMatchObject(option);
  }
  const unknown = { sede: 1 } as UpscaleOptions;
  await expect(plan("srdiff-tiny", unknown)).rejects.toThrow(
    /"sede".*The options are seed, samples/,
  );
  await expect(plan("regression-tiny", { seed: undefined })).resolves.toBeDefined();
});

Deno.test("planUpscale() refuses values out of range", async () => {
  const wrong: UpscaleOptions[] = [
    { seed: -1 },
    { seed: 1.5 },
    { samples: 0 },
    { samples: 65 },
    { sampler: "euler" as "ddim" },
    { steps: 0 },
    { steps: 101 },
    { steps: 2.5 },
    { temperature: -0.1 },
    { temperature: NaN },
    { fidelity: 1.1 },
    { tile: 8 },
    { tile: 33 },
    { memory: 100e6 },
  ];
  for (const options of wrong) {
    await expect(plan("srdiff-tiny", options)).rejects.toThrow(RangeError);
  }
});

Deno.test("planUpscale() warns between trained numbers of steps", async () => {
  expect((await plan("srdiff-tiny", { steps: 4 })).warnings).toEqual([]);
  const { warnings, graph } = await plan("srdiff-tiny", { steps: 7 });
  expect(warnings).toEqual(["srdiff-tiny was trained for 4 steps: 7 may look worse"]);
  expect(graph).toBe("denoiser");
});

Deno.test("planUpscale() counts the network calls", async () => {
  const single = { width: 12, height: 20 };
  expect((await plan("regression-tiny", {}, single)).runs).toBe(1);
  expect((await plan("srdiff-tiny", { steps: 5, samples: 3 }, single)).runs).toBe(16);
  // 308 x 208 with the frame of 4, in tiles of 32 that share 8: 13 x 9, for the encoder and each step.
  const cut = await plan("srdiff-tiny", { steps: 2, tile: 32 });
  expect(cut.runs).toBe(3 * 13 * 9);
  // The tiles see more than the image, since they overlap.
  expect(cut.seen).toBeGreaterThan(3 * 308 * 208);
  expect(cut.seen).toBeLessThanOrEqual(cut.runs * 32 ** 2);
});

Deno.test("planUpscale() takes larger tiles than the card's if that reduces the overlap", async () => {
  const own = await plan("srdiff-tiny", { tile: 32 });
  const free = await plan("srdiff-tiny", {});
  expect(free.seen).toBeLessThan(own.seen);
  expect(free.tiling.size).toBeGreaterThan(32);
  // One tile if the image and its frame are no larger than twice the card's tile.
  expect((await plan("srdiff-tiny", {}, { width: 44, height: 24 })).runs).toBe(5);
  // The memory allows no larger tile than the card's.
  const poor = await plan("srdiff-tiny", { memory: 2.2e8 }, { width: 44, height: 24 });
  expect(poor.memory).toBeLessThanOrEqual(2.2e8);
});

Deno.test("planUpscale() overlaps tiles by half the radius if generative, and by a third otherwise, within limits", async () => {
  const { card } = await readTiny("srdiff-tiny");
  const sessions = { encoder: {}, denoiser: {}, fast: {} } as unknown as Record<string, Session>;
  const overlapOf = (overlap: number, blended = false) => {
    const cut = { ...card, tiling: { size: 256, overlap, multiple: 2, blended } };
    return planUpscale(cut, families.srdiff(cut, sessions), size).tiling.overlap;
  };
  expect([100, 60, 44, 30, 20, 4].map((radius) => overlapOf(radius))).toEqual([
    ...[25, 20, 20, 16, 16, 4],
  ]);
  expect(overlapOf(64, true)).toBe(64);
  const { card: settled } = await readTiny("regression-tiny");
  const overlaps = [100, 60, 45, 24, 20, 4].map((overlap) => {
    const tiling = { size: 256, overlap, multiple: 1, blended: false, minimum: 1 };
    const cut = { ...settled, tiling };
    return planUpscale(cut, families.regression(cut, { network: {} as Session }), size).tiling
      .overlap;
  });
  expect(overlaps).toEqual([25, 20, 15, 8, 8, 4]);
});

Deno.test("planUpscale() divides an image that does not fit, and refuses one that cannot be divided", async () => {
  const large = { width: 4032, height: 3024 };
  const made = await plan("srdiff-tiny", {}, large);
  const regionsOf = ({ regions }: Plan) => regions.rows.length * regions.columns.length;
  expect(regionsOf(made)).toBeGreaterThan(4);
  expect(made.memory).toBeLessThan(2 ** 32);
  expect(made.memory).toBeGreaterThan(4 * made.width * made.height);
  const less = await plan("srdiff-tiny", { memory: 1.3e9 }, large);
  expect(less.memory).toBeLessThanOrEqual(1.3e9);
  expect(regionsOf(less)).toBeGreaterThan(regionsOf(made));
  await expect(plan("srdiff-tiny", { memory: 1e9 }, large)).rejects.toThrow(/within 1000 MB/);
  await expect(plan("srdiff-tiny", { samples: 8 }, large)).rejects.toThrow(/fewer samples/);
});

Deno.test("planUpscale() refuses sizes that no memory holds, whatever the option memory is", async () => {
  const sizes = [{ width: 1e9, height: 1e9 }, { width: 2 ** 31 - 1, height: 1 }];
  for (const source of sizes) {
    for (const id of ["srdiff-tiny", "regression-tiny"]) {
      await expect(plan(id, { memory: Infinity }, source)).rejects.toThrow("at most 2^31 pixels");
    }
  }
  const line = { width: 2 ** 27, height: 1 };
  const { regions } = await plan("srdiff-tiny", { memory: Infinity, tile: 24 }, line);
  expect([regions.rows.length, regions.columns.length > 1]).toEqual([1, true]);
});
