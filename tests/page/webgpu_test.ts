import { expect } from "expect";
import { chromium, type Page } from "playwright-core";
import { load, readImage, resizeImage } from "../../mod.ts";
import { browserPath } from "../_browser.ts";
import { alignUp, spansOf } from "../../lib/tiling.ts";
import { serveFolder } from "../../tools/served.ts";
import { type Parts, writePage } from "./_bundled.ts";
import type { Ran, Work } from "./_webgpu_page.ts";

const root = new URL("../../", import.meta.url);

/** A page with the library, its worker, ONNX Runtime and one entry. */
const parts: Parts = {
  bundles: { page: "tests/page/_webgpu_page.ts", worker: "tests/page/_webgpu_worker.ts" },
  runtime: "ort-wasm-simd-threaded.asyncify",
  zoo: ["model.yml", "encoder.onnx", "denoiser.onnx", "fixture.safetensors"]
    .map((file) => `srdiff/${file}`),
  tiny: ["model.yml", "encoder.onnx", "denoiser.onnx", "fast.onnx", "fixture.safetensors"]
    .map((file) => `srdiff-tiny/${file}`),
};

const seed = 7, steps = 2;
/** Work on a small photograph, and the CPU's result of it. */
async function workOf(
  place: string,
  { width, height, tile, runs = 1 }: {
    width: number;
    height: number;
    tile?: number;
    runs?: number;
  },
) {
  const photograph = await readImage(new URL("docs/coffee.png", root));
  const { data } = resizeImage(photograph, { width, height });
  await using upscaler = await load(new URL(`${place}/model.yml`, root), { provider: "native" });
  const options = { seed, steps, tile, sampler: "ddpm" } as const;
  const { images: [truth] } = await upscaler.upscale({ width, height, data, channels: 3 }, options);
  const image = { width, height, data: [...data] };
  const work: Work = { entry: upscaler.card.id, image, options, runs };
  const { tiling, frame } = upscaler.plan({ width, height }, options);
  const { scale } = upscaler.card;
  return { work, truth, tiling, scale, rows: height + 2 * frame, columns: width + 2 * frame };
}

/** Runs `work` with a page on a software adapter. */
async function withPage(work: (page: Page) => Promise<void>): Promise<void> {
  const folder = `${await Deno.makeTempDir()}/`;
  await writePage(folder, parts);
  await using served = serveFolder(folder);
  const args = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
  const browser = await chromium.launch({ executablePath: browserPath, args });
  try {
    const page = await browser.newPage();
    await page.goto(served.url);
    await page.waitForFunction(() => "enlargeOnGpu" in globalThis);
    await work(page);
  } finally {
    await browser.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Enlarges in the page. */
async function onGpu(page: Page, work: Work): Promise<Ran[]> {
  return await page.evaluate(
    (work) =>
      (globalThis as unknown as { enlargeOnGpu(work: Work): Promise<Ran[]> }).enlargeOnGpu(work),
    work,
  );
}

/** Expects images that differ by at most 2/255. */
function expectClose({ data }: Ran, truth: { data: ArrayLike<number> }): void {
  expect(data.length).toBe(truth.data.length);
  expect(data.reduce((most, v, i) => Math.max(most, Math.abs(v - truth.data[i])), 0))
    .toBeLessThanOrEqual(2);
}

/** Bytes of an image that the network sees, and of its result. */
const bytesOf = (pixels: number, scale: number) =>
  [1, scale ** 2].map((times) => 12 * times * pixels);
/** Bytes of the noise table, which is sent once. */
const table = 4 * 65536;
/** Bytes of the keys of the noise's rows; all steps but the last draw noise. */
const keysOf = (rows: number) => (steps - 1) * 8 * 3 * rows;

Deno.test({
  name: `a browser enlarges on WebGPU${browserPath ? "" : " (needs a browser)"}`,
  ignore: !browserPath,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: (t) =>
    withPage(async (page) => {
      await t.step(
        "srdiff gives the CPU's image within 2/255, and its features and states stay on the GPU",
        () => staysThere(page),
      );
      await t.step(
        "tiles are cut and joined on the GPU, and all of its memory is freed",
        () => cutsAndJoins(page),
      );
    }),
});

async function staysThere(page: Page): Promise<void> {
  const { work, truth, rows, columns, scale } = await workOf("zoo/srdiff", {
    width: 12,
    height: 8,
  });
  const [ran] = await onGpu(page, work);
  expectClose(ran, truth);
  const [small, large] = bytesOf(rows * columns, scale);
  const features = 4 * 64 * rows * columns;
  // Uploaded: the input, the first state, the times and what noise is drawn from. Downloaded: estimate and result.
  expect([ran.up, ran.down])
    .toEqual([small + large + 4 * steps + table + keysOf(scale * rows), 2 * large]);
  const everything = small + large + features + steps * (2 * large + features);
  expect((ran.up - table + ran.down) / everything).toBeLessThan(0.5);
}

async function cutsAndJoins(page: Page): Promise<void> {
  const size = { width: 12, height: 12, tile: 16, runs: 3 };
  const { work, truth, tiling, scale, ...sides } = await workOf(
    "tests/fixtures/zoo/srdiff-tiny",
    size,
  );
  const grid = [sides.rows, sides.columns].map((side) => alignUp(side, tiling.multiple));
  const [rows, columns] = grid.map((side) => spansOf(side, tiling));
  const tiles = rows.flatMap((row) => columns.map((column) => [row.size, column.size]));
  expect(tiles.length).toBeGreaterThan(3);
  const ran = await onGpu(page, work);
  const seen = tiles.reduce((sum, [height, width]) => sum + height * width, 0);
  const [input, states] = bytesOf(seen, scale);
  const [, large] = bytesOf(grid[0] * grid[1], scale);
  /** Bytes of the weights by which tiles of the input's size are joined. */
  const weights = 4 * tiles.flat().reduce((sum, side) => sum + side);
  // Once per image: its tiles, the first state, and the weights of the features and of the estimate.
  const once = input + large + (1 + scale) * weights;
  // In each step: the time for each tile, and the weights of the prediction.
  const perStep = 4 * tiles.length + scale * weights;
  for (const [i, { up, down }] of ran.entries()) {
    expectClose(ran[i], truth);
    expect(up).toBe(once + steps * perStep + keysOf(scale * grid[0]) + (i ? 0 : table));
    expect(down).toBe(2 * large);
  }
  // If the CPU cut and joined, each step would send the tiles of the state and read those of the prediction.
  expect(perStep / (2 * states)).toBeLessThan(0.1);
  // Another run was aborted before the last one.
  expect(ran[2].buffers).toBe(ran[1].buffers);
}
