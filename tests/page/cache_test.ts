import { expect } from "expect";
import { type Browser, chromium } from "playwright-core";
import { encodeImage, load, readImage, resizeImage } from "../../mod.ts";
import { serveFolder } from "../../tools/served.ts";
import { browserPath } from "../_browser.ts";
import { type Parts, writePage } from "./_bundled.ts";
import type { Outcome } from "./_cache_page.ts";

const root = new URL("../../", import.meta.url);

const parts: Parts = {
  bundles: { page: "tests/page/_cache_page.ts", library: "lib/library_worker.ts" },
  runtime: "ort-wasm-simd-threaded",
  zoo: [
    "index.yml",
    ...["model.yml", "network.onnx", "fixture.safetensors"].map((file) => `regression/${file}`),
  ],
};

/** Opens a page, which may keep at most `quotaSize` bytes, and enlarges in it. */
async function outcomeAt(browser: Browser, url: string, quotaSize?: number): Promise<Outcome> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  if (quotaSize !== undefined) {
    const devTools = await context.newCDPSession(page);
    await devTools.send("Storage.overrideQuotaForOrigin", {
      origin: new URL(url).origin,
      quotaSize,
    });
  }
  await page.goto(url);
  await page.waitForFunction(() => "enlarge" in globalThis);
  const outcome = await page.evaluate(() =>
    (globalThis as unknown as { enlarge(): Promise<Outcome> }).enlarge()
  );
  await context.close();
  return outcome;
}

Deno.test({
  name: `load() works in pages that can keep files, few of them or none${
    browserPath ? "" : " (needs a browser)"
  }`,
  ignore: !browserPath,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const folder = `${await Deno.makeTempDir({ prefix: "srzoo-cache-test-" })}/`;
    await writePage(folder, parts);
    const photograph = await readImage(new URL("docs/coffee.png", root));
    const small = resizeImage(photograph, { width: 24, height: 20 });
    await Deno.writeFile(`${folder}small.png`, await encodeImage(small, { format: "png" }));
    await using upscaler = await load("regression", {
      zoo: new URL("zoo/", root),
      precision: "fp16",
    });
    const { images: [wanted] } = await upscaler.upscale(small);
    const differs = ({ pixels }: Outcome) =>
      Math.max(...pixels.map((value, i) => Math.abs(value - wanted.data[i])));
    await using served = serveFolder(folder);
    const browser = await chromium.launch({
      executablePath: browserPath,
      args: ["--no-sandbox", "--host-resolver-rules=MAP photographs.test 127.0.0.1"],
    });
    try {
      await t.step(
        "a page keeps the card, the index, the weights and the recorded outputs",
        async () => {
          const outcome = await outcomeAt(browser, served.url);
          expect([outcome.isSecure, outcome.kept]).toEqual([true, 4]);
          expect(differs(outcome)).toBeLessThanOrEqual(1);
        },
      );

      await t.step(
        "over http, without a cache and crypto.subtle, nothing is kept",
        async () => {
          const url = served.url.replace("127.0.0.1", "photographs.test");
          const outcome = await outcomeAt(browser, url);
          expect([outcome.isSecure, outcome.kept]).toEqual([false, undefined]);
          expect(differs(outcome)).toBeLessThanOrEqual(1);
        },
      );

      await t.step("with a small quota, the weights are used but not all kept", async () => {
        const outcome = await outcomeAt(browser, served.url, 100_000);
        expect(outcome.isSecure).toBe(true);
        expect(outcome.kept).toBeLessThan(4);
        expect(differs(outcome)).toBeLessThanOrEqual(1);
      });
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
