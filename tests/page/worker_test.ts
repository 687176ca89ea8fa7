import { expect } from "expect";
import { chromium } from "playwright-core";
import { encodeImage, readImage, resizeImage } from "../../mod.ts";
import { serveFolder } from "../../tools/served.ts";
import { browserPath } from "../_browser.ts";
import { type Parts, writePage } from "./_bundled.ts";

const root = new URL("../../", import.meta.url);

const srdiff = ["model.yml", "encoder.onnx", "denoiser.onnx", "fixture.safetensors"];
const parts: Parts = {
  bundles: { page: "tests/page/_worker_page.ts", library: "lib/library_worker.ts" },
  runtime: "ort-wasm-simd-threaded",
  zoo: ["index.yml", "bicubic/model.yml", ...srdiff.map((file) => `srdiff/${file}`)],
};

Deno.test({
  name: `load() with worker: true works in a browser as on the page's thread${
    browserPath ? "" : " (needs a browser)"
  }`,
  ignore: !browserPath,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const folder = `${await Deno.makeTempDir({ prefix: "srzoo-worker-test-" })}/`;
    await writePage(folder, parts);
    const photograph = await readImage(new URL("docs/coffee.png", root));
    const small = resizeImage(photograph, { width: 24, height: 20 });
    await Deno.writeFile(`${folder}small.png`, await encodeImage(small, { format: "png" }));
    await using served = serveFolder(folder);
    const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(120_000);
      const errors: string[] = [];
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(served.url);
      await page.waitForFunction(() => "work" in globalThis);

      /** Does the same work on the page's thread and in a worker. */
      const both = async <Result>(name: string): Promise<{ here: Result; there: Result }> => {
        const run = (isThere: boolean) =>
          page.evaluate(
            ([name, isThere]) =>
              (globalThis as unknown as {
                work: Record<string, (isThere: boolean) => Promise<Result>>;
              }).work[name](isThere),
            [name, isThere] as const,
          ) as Promise<Result>;
        return { here: await run(false), there: await run(true) };
      };

      await t.step(
        "its images, previews and progress are those of the page, bit for bit",
        async () => {
          const { here, there } = await both<Record<string, unknown[]>>("sample");
          expect([here.images.length, here.previews.length]).toEqual([2, 4]);
          expect(there).toEqual(here);
        },
      );

      await t.step("it takes every form of an image that a page has", async () => {
        const { here, there } = await both<Record<string, string>>("forms");
        expect(Object.keys(here).length).toBe(10);
        expect(there).toEqual(here);
      });

      await t.step("its errors are those of the page", async () => {
        const { here, there } = await both<unknown[]>("fails");
        expect(here[0]).toBe(true);
        expect(there).toEqual(here);
      });

      await t.step("it does not block the page's thread", async () => {
        const { here, there } = await both<number[]>("blocking");
        console.log(
          `  tasks over 50 ms: ${here.map(Math.round)} here, ${there.map(Math.round)} there`,
        );
        // The page's own run shows that long tasks are detected, and how slow this machine is.
        const longest = Math.max(...here);
        expect(longest).toBeGreaterThan(50);
        expect(Math.max(0, ...there)).toBeLessThanOrEqual(Math.max(50, longest / 8));
      });

      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
