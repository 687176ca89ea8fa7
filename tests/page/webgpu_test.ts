import { expect } from "expect";
import { chromium } from "playwright-core";
import { load, readImage, resizeImage } from "../../mod.ts";
import { browserPath } from "../_browser.ts";
import { serveFolder } from "../../tools/served.ts";
import { type Parts, writePage } from "./_bundled.ts";

const root = new URL("../../", import.meta.url);

/** A page with the library, its worker, ONNX Runtime and one entry. */
const parts: Parts = {
  bundles: { page: "tests/page/_webgpu_page.ts", worker: "lib/web_worker.ts" },
  runtime: "ort-wasm-simd-threaded.asyncify",
  zoo: ["model.yml", "encoder.onnx", "denoiser.onnx", "fixture.safetensors"]
    .map((file) => `srdiff/${file}`),
};

Deno.test({
  name:
    `srdiff on WebGPU in a browser gives the CPU's image within 2/255, and its features and states stay there${
      browserPath ? "" : " (needs a browser)"
    }`,
  ignore: !browserPath,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const folder = `${await Deno.makeTempDir()}/`;
    await writePage(folder, parts);
    const photograph = await readImage(new URL("docs/coffee.png", root));
    const { width, height, data } = resizeImage(photograph, { width: 20, height: 16 });
    const steps = 2;
    await using upscaler = await load("srdiff", { provider: "native" });
    const { images: [truth] } = await upscaler.upscale(
      { width, height, data, channels: 3 },
      { seed: 7, steps },
    );
    await using served = serveFolder(folder);
    const args = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
    const browser = await chromium.launch({ executablePath: browserPath, args });
    try {
      const page = await browser.newPage();
      await page.goto(served.url);
      await page.waitForFunction(() => "enlargeOnGpu" in globalThis);
      page.setDefaultTimeout(120_000);
      const result = await page.evaluate(
        ([image, steps]) =>
          (globalThis as unknown as {
            enlargeOnGpu(image: object, steps: number): Promise<
              { data: number[]; up: number; down: number }
            >;
          }).enlargeOnGpu(image, steps),
        [{ width, height, data: [...data] }, steps] as const,
      );
      const apart = truth.data.reduce(
        (most, v, i) => Math.max(most, Math.abs(v - result.data[i])),
        0,
      );
      expect(result.data.length).toBe(truth.data.length);
      expect(apart).toBeLessThanOrEqual(2);
      // A frame of 6 mirrored pixels surrounds the image; features are 64 values for each pixel of it.
      const pixels = (width + 12) * (height + 12);
      const [small, large, features] = [3, 3 * 16, 64].map((values) => 4 * values * pixels);
      // Up go the input, the first state, the times, and a table and the rows' keys of the noise, which all steps but the
      // last draw; down come the estimate and the result.
      const table = 4 * 65536;
      const keys = (steps - 1) * 8 * 3 * 4 * (height + 12);
      expect([result.up, result.down])
        .toEqual([small + large + 4 * steps + table + keys, 2 * large]);
      const everything = small + large + features + steps * (2 * large + features);
      expect((result.up - table + result.down) / everything).toBeLessThan(0.5);
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
